import ts from 'typescript'

const isText = (node: ts.Node): node is ts.LiteralLikeNode =>
  ts.isStringLiteral(node) || ts.isTemplateLiteralToken(node)

/** Empties the messages of a bundle, to measure the rest. A message is a text with a space. */
export function withoutMessages(code: string): string {
  const file = ts.createSourceFile('bundle.js', code, ts.ScriptTarget.ES2022, true)
  let left = ''
  let from = 0
  const visit = (node: ts.Node): void => {
    if (isText(node) && /\s/.test(node.text)) {
      const text = node.getText(file)
      left += code.slice(from, node.getStart(file) + 1)
      from = node.getEnd() - (text.endsWith('${') ? 2 : 1)
    }
    ts.forEachChild(node, visit)
  }
  visit(file)
  return left + code.slice(from)
}
