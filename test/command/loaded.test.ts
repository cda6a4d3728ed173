// Which files a start of the command reads: none that it does not need.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { assert, suite } from '#test'
import { createProgram, isLocal } from '../../packages/flowscale/src/command/program.ts'
import { listen } from '../support/listen.ts'
import { flowscale } from './kit.ts'
import { commandInTerminal, hasTerminals } from './startInTerminal.ts'

const test = suite('loaded files')
const inTerminal = hasTerminals ? test : test.skip
// Lists are empty, and no run is known.
const server = await listen(({ url }, response) => {
  response.statusCode = /\/runs\/./.test(url!) ? 404 : 200
  response.end('{"status":"success","data":[]}')
})
const cwd = mkdtempSync(join(tmpdir(), 'flowscale-loaded-in-'))
test.after(async () => {
  await server.close()
  rmSync(cwd, { recursive: true })
})

const program = createProgram()
const verbs = program.commands.map((verb) => verb.name())
const libraries = ['commander', 'text', 'ora', 'csv', 'diff', 'jsonc', 'settings']

/** By V8, which lists the scripts of a process for coverage. */
async function loaded(start: (env: Record<string, string>) => Promise<unknown>): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'flowscale-loaded-'))
  try {
    await start({ NODE_V8_COVERAGE: folder, FLOWSCALE_API_URL: server.url })
    const files = readdirSync(folder).flatMap((name) => {
      const { result } = JSON.parse(readFileSync(join(folder, name), 'utf8'))
      return result.map(({ url }: { url: string }) => url)
    })
    return files
      .filter((url) => url.startsWith('file:'))
      .map((url) => url.replace(/^.*\/packages\//, '').replace(/^flowscale\/(dist\/)?/, ''))
      .sort()
  } finally {
    rmSync(folder, { recursive: true })
  }
}
const started = (...args: string[]) => loaded((env) => flowscale(args, { env, cwd }))
const librariesOf = (files: readonly string[]) =>
  libraries.filter((name) => files.includes(`command/${name}.js`))

for (const word of ['--version', 'version']) {
  test(`${word}: the entry only`, async () => {
    assert.equal(await started(word), ['bin/flowscale.js', 'command.js'])
  })
}

test('help and a wrong verb: what reads the command line', async () => {
  const frame = ['bin/flowscale.js', 'command.js', 'command/commander.js', 'command/main.js']
  assert.equal(await started('help'), frame)
  for (const name of verbs) assert.equal(await started(name, '--help'), frame)
})

/** What each verb needs besides commander, where it gets as far as its work. */
const needs: Record<string, [args: string[], libraries: string[]]> = {
  get: [['a'], ['settings']],
  runs: [[], ['settings', 'text']],
  cancel: [['a'], ['settings']],
  queue: [[], ['settings', 'text']],
  health: [[], ['settings', 'text']],
  workflows: [[], ['settings', 'text']],
  completion: [['bash'], []],
}

for (const [name, [args, own]] of Object.entries(needs)) {
  test(`${name}: its own file, and no library of another`, async () => {
    const files = await started(name, ...args)
    assert.ok(files.includes(`command/${name}.js`))
    for (const other of verbs) {
      if (other !== name) assert.not.ok(files.includes(`command/${other}.js`), other)
    }
    assert.equal(
      librariesOf(files),
      libraries.filter((one) => one === 'commander' || own.includes(one)),
    )
    assert.is(files.includes('client/dist/index.js'), name !== 'completion')
  })
}

/** Whose library it is. */
const owners: Record<string, string[]> = { csv: ['batch'], diff: ['pull'] }

for (const verb of program.commands.filter((verb) => !isLocal.has(verb.name()))) {
  const name = verb.name()
  test(`${name}: no library of another verb, and none that a terminal alone needs`, async () => {
    const given = verb.registeredArguments.filter(({ required }) => required).map(() => 'a')
    const flags = verb.options.filter(({ mandatory }) => mandatory).flatMap(({ long }) => [long!, 'a'])
    const found = librariesOf(await started(name, ...given, ...flags))
    for (const [library, verbs] of Object.entries(owners)) {
      if (!verbs.includes(name)) assert.not.ok(found.includes(library), library)
    }
    assert.not.ok(found.includes('ora'))
    assert.not.ok(found.includes('jsonc'))
  })
}

test('the parser of JSON is loaded where there is JSON', async () => {
  const isLoaded = async (...args: string[]) => librariesOf(await started(...args)).includes('jsonc')
  writeFileSync(join(cwd, 'inputs.json'), '{"seed": 7}')
  writeFileSync(join(cwd, 'rows.jsonl'), '{"seed": 7}\n')
  writeFileSync(join(cwd, 'rows.csv'), 'seed\n7\n')
  assert.not.ok(await isLoaded('run', 'a', 'seed=7'))
  assert.ok(await isLoaded('run', 'a', '--inputs', 'inputs.json'))
  assert.not.ok(await isLoaded('batch', 'a', 'rows.csv', '-o', 'out'))
  assert.ok(await isLoaded('batch', 'a', 'rows.jsonl', '-o', 'out'))
})

inTerminal('verbs that only print need no moving line in a terminal either', async () => {
  const bin = 'packages/flowscale/bin/flowscale.js'
  const files = await loaded((env) => commandInTerminal([process.execPath, bin, 'health'], { env }).ended)
  assert.ok(files.includes('command/health.js'))
  assert.not.ok(files.includes('command/ora.js'))
})
