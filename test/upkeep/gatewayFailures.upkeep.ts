// Each row of docs/gateway-failures.md has its tests at the end of the page, and each is there under its whole name.
import { readFileSync } from 'node:fs'
import ts from 'typescript'
import { assert, suite } from '#test'

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

/** The problems: the first cells of the tables that have them. */
const problems = page.split(/^\| problem .*\n.*\n/m).flatMap((text, index) => {
  const rows = index ? text.slice(0, text.indexOf('\n\n')).split('\n') : []
  return rows.map((line) => line.split('|')[1]!.trim())
})
/** Each problem, and its tests as `file.test.ts`: "name"; "name". */
const bullets = [...page.slice(page.indexOf('## Tests')).matchAll(/^- \*\*(.+?)\.\*\* (.+)$/gm)]

test('each row has its tests', () => {
  assert.ok(problems.length > 20, `${problems.length} rows`)
  assert.equal(
    bullets.map(([, problem]) => problem),
    problems,
  )
  for (const [, , tests] of bullets)
    assert.match(tests!, /^(?:`[\w/.]+\.ts`: "[^"]+"(?:; "[^"]+")*(?:; |$))+$/)
})

test('each test that is named is there', () => {
  const named = bullets.flatMap(([, , tests]) =>
    [...tests!.matchAll(/`([\w/.]+\.ts)`: ((?:"[^"]+"(?:; )?)+)/g)].flatMap(([, file, list]) =>
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
