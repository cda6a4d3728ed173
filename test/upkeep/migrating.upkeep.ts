// Each row and each point of MIGRATING.md has its try in test/integration/migrating.test.ts.
import { readFileSync } from 'node:fs'
import ts from 'typescript'
import { assert, suite } from '#test'

const test = suite('MIGRATING')

/** The names of the tries, as they start. */
function names(): string[] {
  const path = 'test/integration/migrating.test.ts'
  const file = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest)
  const declarations = file.statements
    .filter(ts.isVariableStatement)
    .flatMap((statement) => [...statement.declarationList.declarations])
  const tries = declarations.find(({ name }) => ts.isIdentifier(name) && name.text === 'tries')
  const { properties } = tries!.initializer as ts.ObjectLiteralExpression
  return properties.map(({ name }) => (name as ts.Identifier | ts.StringLiteral).text)
}

test('each row and point has its try, in the order of the document', () => {
  const text = readFileSync('MIGRATING.md', 'utf8')
  const [, table = '', points = ''] = text.split(/^\| published.*\n.*\n|^## What behaves differently\n/m)
  const rows = [...table.matchAll(/^\| (.*?) +\|/gm)].map(([, cell]) => cell!)
  const bullets = [...points.matchAll(/^- (.*)/gm)].map(([, line]) => line!)
  assert.ok(rows.length > 20 && bullets.length > 5)
  const tries = names()
  /** The longest that fits: one may start as another does. */
  const triedBy = (line: string) =>
    tries
      .filter((start) => line.startsWith(start) || line.replaceAll('`', '').startsWith(start))
      .sort((a, b) => a.length - b.length)
      .at(-1)
  assert.equal(
    [...rows, ...bullets].map((line) => triedBy(line) ?? `no try: ${line}`),
    tries,
  )
})
