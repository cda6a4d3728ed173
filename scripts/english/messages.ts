import ts from 'typescript'
import { type Sentence, splitSentences } from './splitSentences.ts'

/** Four words in a row, with spaces only: shorter texts are names, and code has other signs. */
const prose = /(?:\p{L}[\p{L}'’-]*[,.:;]?\s+){3}\p{L}/u

/** The sentences of strings and templates. An inserted value counts as the word `Code`; a line break ends a sentence. */
export function messages(source: ts.SourceFile): Sentence[] {
  const found: Sentence[] = []
  const visit = (node: ts.Node): void => {
    const text = textOf(node)
    if (text !== undefined && prose.test(text)) {
      const line = source.getLineAndCharacterOfPosition(node.getStart()).line + 1
      found.push(...text.split('\n').flatMap((part) => splitSentences(part, line)))
    }
    for (const child of insertedIn(node)) visit(child)
  }
  visit(source)
  return found
}

/** The text of a string, a template, or a sum with a text. Lists of words (`.split`) and tables have no text. */
function textOf(node: ts.Node): string | undefined {
  const { parent } = node
  if (parent && ts.isPropertyAccessExpression(parent) && parent.name.text === 'split') return undefined
  if (ts.isStringLiteralLike(node)) return /\w\|/.test(node.text) ? undefined : node.text
  if (ts.isTemplateExpression(node)) {
    return node.head.text + node.templateSpans.map(({ literal }) => `Code${literal.text}`).join('')
  }
  if (!isSum(node)) return undefined
  const [left, right] = [textOf(node.left), textOf(node.right)]
  return left === undefined && right === undefined ? undefined : (left ?? 'Code') + (right ?? 'Code')
}

/** The inner nodes whose texts are not part of the text of the node. */
function insertedIn(node: ts.Node): ts.Node[] {
  if (ts.isTemplateExpression(node)) return node.templateSpans.map(({ expression }) => expression)
  if (isSum(node) && textOf(node) !== undefined) {
    return [node.left, node.right].flatMap((side) => (textOf(side) === undefined ? [side] : insertedIn(side)))
  }
  const children: ts.Node[] = []
  ts.forEachChild(node, (child) => void children.push(child))
  return children
}

const isSum = (node: ts.Node): node is ts.BinaryExpression =>
  ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken
