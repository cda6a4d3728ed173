import ts from 'typescript'
import { assert } from '#test'
import type {
  PulledInput,
  PulledWorkflow,
} from '../../../../../packages/flowscale/src/command/pull/readWorkflows.ts'

export const isFile = ({ kind }: Pick<PulledInput, 'kind'>): boolean =>
  ['image', 'video', 'audio', 'file'].includes(kind)

/** That a statement is the constant of a workflow, and holds nothing else. */
export function checkConstant(statement: ts.Statement, expected: PulledWorkflow): void {
  assert.ok(ts.isVariableStatement(statement))
  assert.equal(ts.getJSDocTags(statement).length, 0)
  const { declarationList, modifiers } = statement as ts.VariableStatement
  assert.is(modifiers?.map((one) => one.getText()).join(), 'export')
  assert.is(declarationList.flags & ts.NodeFlags.Const, ts.NodeFlags.Const)
  assert.is(declarationList.declarations.length, 1)
  const { name, initializer, type } = declarationList.declarations[0]!
  assert.equal(
    [name.kind, (name as ts.Identifier).text, type],
    [ts.SyntaxKind.Identifier, expected.constant, undefined],
  )
  const call = initializer as ts.CallExpression
  assert.is(call.kind, ts.SyntaxKind.CallExpression)
  assert.is(call.expression.getText(), 'defineWorkflow')
  const { outputs: told, namesFiles } = expected
  const isSure = told.length === 1 || (told.length > 1 && namesFiles)
  const names = isSure ? told.map((output) => output.name) : ['output']
  const [id, array, ...more] = call.arguments
  assert.equal([literalOf(id!), more], [expected.id, []])
  assert.equal((array as ts.ArrayLiteralExpression).elements.map(literalOf), names)
  const [inputs, outputs, ...others] = call.typeArguments!
  assert.is(others.length, 0)
  assert.equal(membersOf(outputs!).map(literalOf), names)
  checkInputs(inputs!, expected.inputs)
}

function checkInputs(node: ts.TypeNode, expected: readonly PulledInput[]): void {
  if (!expected.length) {
    assert.is(node.getText(), 'Record<string, never>')
    return
  }
  const { members } = node as ts.TypeLiteralNode
  assert.is(members.length, expected.length)
  for (const [index, input] of expected.entries()) {
    const member = members[index] as ts.PropertySignature
    assert.is(member.kind, ts.SyntaxKind.PropertySignature)
    assert.is(ts.getJSDocTags(member).length, 0)
    assert.is((member.name as ts.Identifier | ts.StringLiteral).text, input.name)
    assert.is(member.questionToken === undefined, input.required === true)
    assert.is(member.modifiers, undefined)
    checkType(member.type!, input)
  }
}

function checkType(node: ts.TypeNode, { kind, options, array, ...input }: PulledInput): void {
  const choices: unknown[] = isFile({ kind, ...input }) ? ['FileInput'] : (options?.map(choice) ?? [kind])
  const several = array && !choices.includes('unknown')
  const members = membersOf(node)
  const list = several ? members.pop() : undefined
  assert.equal(members.map(shown), choices)
  if (!list) return
  assert.is((list as ts.TypeOperatorNode).operator, ts.SyntaxKind.ReadonlyKeyword)
  const { elementType } = (list as ts.TypeOperatorNode).type as ts.ArrayTypeNode
  const inner = ts.isParenthesizedTypeNode(elementType) ? elementType.type : elementType
  assert.equal(membersOf(inner).map(shown), choices)
}

const choice = (value: unknown): unknown => ({ value: value === 0 ? 0 : value })
const membersOf = (node: ts.TypeNode): ts.TypeNode[] => (ts.isUnionTypeNode(node) ? [...node.types] : [node])
/** A keyword, or a literal with its value. */
const shown = (node: ts.Node): unknown =>
  ts.isLiteralTypeNode(node) ? { value: literalOf(node) } : node.getText()

function literalOf(given: ts.Node): string | number | boolean {
  const node = ts.isLiteralTypeNode(given) ? given.literal : given
  if (ts.isPrefixUnaryExpression(node)) {
    assert.is(node.operator, ts.SyntaxKind.MinusToken)
    return -literalOf(node.operand)
  }
  if (ts.isStringLiteral(node)) return node.text
  if (ts.isNumericLiteral(node)) return Number(node.text)
  assert.ok(
    node.kind === ts.SyntaxKind.TrueKeyword || node.kind === ts.SyntaxKind.FalseKeyword,
    node.getText(),
  )
  return node.kind === ts.SyntaxKind.TrueKeyword
}
