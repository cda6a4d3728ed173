// What JSR gets, as Deno would publish it: types checked with Deno's libraries, and no slow types.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { assert, suite } from '#test'
import { runCommand } from '../../scripts/test/runFile.ts'

const test = suite('jsr')
const deno = resolve('test/runtimes/node_modules/@deno/linux-x64-glibc/deno')
const packages = ['client', 'flowscale', 'gateway', 'ai-sdk']
const folder = mkdtempSync(join(tmpdir(), 'flowscale-jsr-'))
test.after(() => rmSync(folder, { recursive: true }))

/** The packages as one workspace, in which each finds the other without the registry. */
function prepare(): void {
  for (const name of packages) {
    mkdirSync(join(folder, name), { recursive: true })
    for (const file of ['src', 'README.md', 'LICENSE', 'jsr.json'])
      cpSync(`packages/${name}/${file}`, join(folder, name, file), { recursive: true })
  }
  writeFileSync(join(folder, 'deno.json'), JSON.stringify({ workspace: packages.map((name) => `./${name}`) }))
}

const publish = (where = '.', ...options: string[]) =>
  runCommand('sh', ['-c', `cd ${folder}/${where} && ${deno} publish --dry-run --allow-dirty ${options}`], {
    env: { DENO_DIR: join(folder, '.deno'), DENO_NO_UPDATE_CHECK: '1', NO_COLOR: '1' },
    limitMs: 600_000,
  })

test('Deno would publish the packages', async () => {
  prepare()
  const { code, output: shown } = await publish()
  const output = stripVTControlCharacters(shown)
  assert.is(code, 0, output)
  for (const name of packages) assert.match(output, `Simulating publish of @flowscale/${name}@`)
  const warnings = output.match(/^(warning|error)\[.*$/gm) ?? []
  // The optional `isomorphic-ws` and Node's `node:http`, which bundlers must not find.
  const dynamic = 'warning[unanalyzable-dynamic-import]: unable to analyze dynamic import'
  assert.equal(warnings, [dynamic, dynamic])
})

test('and sees a slow type', async () => {
  const file = join(folder, 'client/src/logger.ts')
  const text = readFileSync(file, 'utf8')
  writeFileSync(file, `${text}\nexport const slow = () => [createLogger()]\n`)
  const { code, output } = await publish('client', '--no-check')
  assert.is(code, 1)
  assert.match(output, /missing-explicit-return-type|slow type/)
})
