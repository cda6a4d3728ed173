// Random bugs: small changes of the sources such as a maintainer might make by mistake.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { transformSync } from 'esbuild'
import ts from 'typescript'
import { root } from '../../../scripts/lib/ensure.mjs'
import { createRandom } from '../../support/random.ts'
import type { Change } from './copies.ts'
import { placeOf } from './measureRuns.ts'

export interface Bug extends Change {
  readonly line: number
  /** Where the changed node starts. */
  readonly place: number
  /** The line as it was, and as it is. */
  readonly from: string
  readonly to: string
}

/** Operators and methods that stand for each other. */
const pairs = [
  ['===', '!=='],
  ['<', '<='],
  ['>', '>='],
  ['&&', '||'],
  ['+', '-'],
  ['*', '/'],
  ['+=', '-='],
  ['++', '--'],
  ['max', 'min'],
  ['every', 'some'],
  ['push', 'unshift'],
  ['shift', 'pop'],
  ['floor', 'ceil'],
  ['startsWith', 'endsWith'],
  ['indexOf', 'lastIndexOf'],
] as const
const swapped = new Map<string, string>([
  ...pairs.flatMap(([a, b]) => [[a, b] as const, [b, a] as const]),
  ['??', '&&'],
  ['??=', '='],
  ['||=', '='],
])
/** Methods whose object may stand for their result. */
const droppable = /^(catch|filter|finally|flat|reverse|slice|sort|toLowerCase|toSorted|toUpperCase|trim)$/
/** Functions whose arguments are only shown. */
const showing = /(^|\.)(check|log)$|logger\b/

type Edit = readonly [start: number, end: number, text: string]

/** Whether a node only makes a message. A text with words in it does. */
function isMessage(node: ts.Node, source: ts.SourceFile): boolean {
  if (ts.isStringLiteralLike(node)) return /\w/.test(node.text) && node.text.includes(' ')
  if (ts.isTemplateExpression(node))
    return node
      .getText(source)
      .replace(/\$\{.*?\}/gs, 'x')
      .includes(' ')
  if (ts.isBinaryExpression(node)) return isMessage(node.left, source) || isMessage(node.right, source)
  if (ts.isAwaitExpression(node) || ts.isExpressionStatement(node)) return isMessage(node.expression, source)
  return ts.isCallExpression(node) && showing.test(node.expression.getText(source))
}

function isType(node: ts.Node): boolean {
  return (
    ts.isTypeNode(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isImportDeclaration(node) ||
    ts.isExportDeclaration(node)
  )
}

/** A condition that no other change negates. */
function isCondition(node: ts.Node): node is ts.Expression {
  const { parent } = node
  const isOne = ts.isConditionalExpression(parent)
    ? parent.condition === node
    : (ts.isIfStatement(parent) || ts.isWhileStatement(parent)) && parent.expression === node
  const isEquation = ts.isBinaryExpression(node) && /^[!=]==$/.test(node.operatorToken.getText())
  return isOne && !isEquation && !ts.isPrefixUnaryExpression(node)
}

/** Leaves out one of the nodes of a list, with its comma. */
function* withoutOne(nodes: ts.NodeArray<ts.Node>, source: ts.SourceFile): Generator<Edit> {
  for (const [at, node] of nodes.entries()) {
    if (ts.isPropertyAssignment(node) && isMessage(node.initializer, source)) continue
    const next = nodes[at + 1]
    yield [node.getStart(source), next ? next.getStart(source) : node.end, '']
  }
}

/** The changes at a node, without those at its parts. */
function* editsAt(node: ts.Node, source: ts.SourceFile): Generator<Edit> {
  const text = node.getText(source)
  const { parent } = node
  const become = (to: string): Edit => [node.getStart(source), node.end, to]
  const isName = (ts.isPropertyAssignment(parent) || ts.isPropertySignature(parent)) && parent.name === node

  if (isCondition(node)) yield become(`!(${text})`)
  if (ts.isBinaryExpression(node)) {
    const { operatorToken: operator } = node
    const to = swapped.get(operator.getText(source))
    if (to) yield [operator.getStart(source), operator.end, to]
  } else if (ts.isPrefixUnaryExpression(node) || ts.isPostfixUnaryExpression(node)) {
    if (text.startsWith('!')) yield become(text.slice(1))
    else if (/\+\+|--/.test(text)) yield become(text.replace(/\+\+|--/, (sign) => swapped.get(sign)!))
  } else if (ts.isNumericLiteral(node) && !isName) {
    yield become(Number(node.text) === 0 ? '1' : `(${text} * 2)`)
  } else if ((ts.isStringLiteralLike(node) || ts.isTemplateExpression(node)) && !isName) {
    const isShown = ts.isNewExpression(parent) && /Error$/.test(parent.expression.getText(source))
    if (!isShown) yield become(text.length > 2 ? "''" : "'x'")
  } else if (ts.isRegularExpressionLiteral(node)) yield become('/(?!)/')
  else if (node.kind === ts.SyntaxKind.TrueKeyword) yield become('false')
  else if (node.kind === ts.SyntaxKind.FalseKeyword) yield become('true')
  else if (ts.isAwaitExpression(node)) yield become(node.expression.getText(source))
  else if (ts.isObjectLiteralExpression(node)) yield* withoutOne(node.properties, source)
  else if (ts.isArrayLiteralExpression(node)) yield* withoutOne(node.elements, source)
  else if ((ts.isBindingElement(node) || ts.isParameter(node)) && node.initializer)
    yield [node.name.end, node.end, '']
  else if (ts.isArrowFunction(node) && ts.isCallExpression(node.body))
    yield [node.body.getStart(source), node.end, 'undefined']
  else if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
    const { name, expression } = node.expression
    const to = swapped.get(name.text)
    if (to) yield [name.getStart(source), name.end, to]
    else if (droppable.test(name.text)) yield become(expression.getText(source))
  } else if (ts.isReturnStatement(node)) {
    const isLast = ts.isBlock(parent) && ts.isFunctionLike(parent.parent) && parent.statements.at(-1) === node
    if (!isLast) yield become(';')
  } else if (
    ts.isExpressionStatement(node) ||
    ts.isThrowStatement(node) ||
    ts.isBreakStatement(node) ||
    ts.isContinueStatement(node)
  )
    yield become(';')
}

function* editsOf(node: ts.Node, source: ts.SourceFile): Generator<{ node: ts.Node; edit: Edit }> {
  if (isType(node) || isMessage(node, source)) return
  for (const edit of editsAt(node, source)) yield { node, edit }
  const parts: ts.Node[] = []
  ts.forEachChild(node, (part) => void parts.push(part))
  for (const part of parts) yield* editsOf(part, source)
}

const oneLine = (text: string): string => {
  const line = text.trim().replace(/\s+/g, ' ')
  return line.length > 150 ? `${line.slice(0, 150)} …` : line
}

function toBug(source: ts.SourceFile, node: ts.Node, [start, end, replacement]: Edit): Bug {
  const { fileName: file, text: before } = source
  const at = source.getLineAndCharacterOfPosition(node.getStart(source))
  const text = before.slice(0, start) + replacement + before.slice(end)
  const { line, character } = source.getLineAndCharacterOfPosition(start)
  const lineStart = start - character
  const rest = before.slice(end).split('\n', 1)[0]!.length
  return {
    file,
    text,
    line: line + 1,
    place: placeOf(at.line + 1, at.character + 1),
    from: oneLine(before.slice(lineStart, end + rest)),
    to: oneLine(text.slice(lineStart, start + replacement.length + rest)),
  }
}

const compiles = ({ text }: Bug): boolean => {
  try {
    transformSync(text, { loader: 'ts', logLevel: 'silent' })
    return true
  } catch {
    return false
  }
}

/** `count` bugs in the packages. A seed gives the same bugs as long as the sources are the same. */
export function makeBugs(packages: string[], count: number, seed: number): Bug[] {
  const all = packages.flatMap((name) => {
    const folder = `packages/${name}/src`
    const files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    return files
      .filter((file) => file.endsWith('.ts'))
      .sort()
      .flatMap((file) => {
        const path = `${folder}/${file}`
        const text = readFileSync(join(root, path), 'utf8')
        const source = ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true)
        return source.statements
          .flatMap((node) => [...editsOf(node, source)])
          .map((one) => ({ source, ...one }))
      })
  })
  const random = createRandom(seed)
  const bugs: Bug[] = []
  while (bugs.length < count && all.length) {
    const { source, node, edit } = all.splice(Math.floor(random() * all.length), 1)[0]!
    const bug = toBug(source, node, edit)
    if (compiles(bug)) bugs.push(bug)
  }
  return bugs
}
