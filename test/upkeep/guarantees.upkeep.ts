// What docs/guarantees.md names as the test of a promise is there.

import { readdirSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { assert, suite } from '#test'
import { mutants } from '../mutants/index.ts'

const test = suite('guarantees')
const page = readFileSync('docs/guarantees.md', 'utf8')
const tests = ['unit', 'integration', 'browser', 'runtimes']
  .flatMap((folder) => readdirSync(`test/${folder}`, { recursive: true, encoding: 'utf8' }))
  .filter((file) => !file.includes('node_modules'))
  .map((file) => basename(file))
const names = Object.keys(mutants)
/** Their files: a part may be called by more than that. */
const parts = readdirSync('test/chaos').map((file) => basename(file, '.ts'))

test('each row of the table names its tests', () => {
  const rows = page.split('\n').filter((line) => /^\| (?!when|-)/.test(line))
  assert.ok(rows.length > 15)
  for (const row of rows) assert.match(row.split('|')[3]!, /chaos: |mutants? |`[\w.]+\.test\.ts`/, row)
})

test('each file that is named is there', () => {
  const named = [...page.matchAll(/`([\w.]+\.(?:test|browser|runtime)\.ts)`/g)].map(([, file]) => file!)
  assert.ok(named.length > 5)
  assert.equal(
    named.filter((file) => !tests.includes(file)),
    [],
  )
})

test('each mutant that is named is there', () => {
  const named = [...page.matchAll(/mutants? ((?:`[\w*-]+`(?:, )?)+)/g)].flatMap(([, list]) =>
    [...list!.matchAll(/`([\w*-]+)`/g)].map(([, name]) => name!),
  )
  assert.ok(named.length > 15)
  const isThere = (name: string): boolean =>
    names.some((mutant) => (name.endsWith('*') ? mutant.startsWith(name.slice(0, -1)) : mutant === name))
  assert.equal(
    named.filter((name) => !isThere(name)),
    [],
  )
})

test('each part of the chaos that is named is there', () => {
  const named = [...page.matchAll(/chaos: ([^;|)]+)/g)].flatMap(([, list]) =>
    list!.split(', ').map((part) => part.trim().split(' ').at(-1)!),
  )
  const words = named.filter((name) => name !== 'above')
  assert.ok(words.length > 10)
  assert.equal(
    words.filter((name) => !parts.includes(name)),
    [],
  )
})
