// What docs/gateway-failures.md names as the test of a row is there, under its whole name.
import { readFileSync } from 'node:fs'
import ts from 'typescript'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const test = suite('the page of failures of the gateway')
const page = readFileSync('docs/gateway-failures.md', 'utf8')

/** The texts that stand where a file has the names of its tests; what they are made of by then is a `…`. */
function namesIn(file: string): string[] {
  const names: string[] = []
  const nameOf = (node: ts.Node | undefined): string | undefined => {
    if (node && ts.isStringLiteralLike(node)) return node.text
    if (!node || !ts.isTemplateExpression(node)) return undefined
    return node.head.text + node.templateSpans.map(({ literal }) => `…${literal.text}`).join('')
  }
  const visit = (node: ts.Node): void => {
    const places = ts.isCallExpression(node)
      ? node.arguments.slice(0, 2)
      : ts.isArrayLiteralExpression(node)
        ? node.elements.slice(0, 1)
        : []
    for (const place of places) names.push(nameOf(place) ?? '')
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest))
  return names
}

/** The cells of the last column of each table, as `file.test.ts`: "name"; "name". */
const tables = page.split(/^\| problem .*\| its test \|\n.*\n/m).slice(1)
const rows = tables.flatMap((text) =>
  text
    .slice(0, text.indexOf('\n\n'))
    .split('\n')
    .map((line) => line.split('|')[5]!.trim()),
)

test('each row names its tests', () => {
  assert.is(tables.length, 4)
  assert.ok(rows.length > 20, `${rows.length} rows`)
  for (const row of rows) assert.match(row, /^(?:`[\w/.]+\.ts`: "[^"]+"(?:; "[^"]+")*(?:; |$))+$/)
})

test('each test that is named is there', () => {
  const named = rows.flatMap((row) =>
    [...row.matchAll(/`([\w/.]+\.ts)`: ((?:"[^"]+"(?:; )?)+)/g)].flatMap(([, file, list]) =>
      [...list!.matchAll(/"([^"]+)"/g)].map(([, name]) => [file!, name!] as const),
    ),
  )
  assert.ok(named.length > 30)
  const known = new Map<string, string[]>()
  const isThere = ([file, name]: readonly [string, string]): boolean => {
    if (!known.has(file)) known.set(file, namesIn(`test/${file.includes('/') ? '' : 'gateway/'}${file}`))
    return known.get(file)!.includes(name)
  }
  assert.equal(
    named.filter((one) => !isThere(one)),
    [],
  )
})

test.run()
