// The bugs of `npm run test:mutants` still apply, and docs/guarantees.md names tests that are there.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { assert, suite } from '#test'
import { mutants } from '../mutants/index.ts'

const test = suite('mutants')

for (const [name, { file, from, test: path }] of Object.entries(mutants)) {
  test(name, () => {
    assert.is(readFileSync(file, 'utf8').split(from).length, 2, `${from} has to stand once in ${file}`)
    assert.ok(existsSync(path), path)
  })
}

// Its lists may go on in the next line.
const page = readFileSync('docs/guarantees.md', 'utf8').replaceAll(/\s+/g, ' ')
const files = readdirSync('test', { recursive: true, encoding: 'utf8' })
  .filter((file) => !file.includes('node_modules'))
  .map((file) => basename(file))

test('each test that the guarantees name is there', () => {
  const lists = (pattern: RegExp) => [...page.matchAll(pattern)].flatMap(([, list]) => list!.split(', '))
  const bare = (names: string[]) => names.map((name) => name.replaceAll('`', '').trim())
  const named = {
    files: bare(lists(/(`[\w.]+\.ts`)/g)),
    mutants: bare(lists(/mutants? ((?:`[\w*-]+`(?:, )?)+)/g)).filter(Boolean),
    chaos: bare(lists(/chaos: ([^;|)]+)/g)).map((part) => part.split(' ').at(-1)!),
  }
  const isMutant = (name: string): boolean =>
    name.endsWith('*')
      ? Object.keys(mutants).some((mutant) => mutant.startsWith(name.slice(0, -1)))
      : name in mutants
  const parts = readdirSync('test/chaos').map((file) => basename(file, '.ts'))
  assert.ok(named.files.length > 15 && named.mutants.length > 30 && named.chaos.length > 10)
  assert.equal(
    [
      ...named.files.filter((file) => !files.includes(file)),
      ...named.mutants.filter((name) => !isMutant(name)),
      ...named.chaos.filter((name) => name !== 'above' && !parts.includes(name)),
    ],
    [],
  )
})
