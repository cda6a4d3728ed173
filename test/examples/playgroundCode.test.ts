// The code that the playground shows, run as it stands: what arrives is what was given, and the key is in none of it.
import { execFile } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { createEmulator } from '@flowscale/emulator'
import { serve } from '@flowscale/emulator/node'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { callCode } from '../../examples/playground/callCode.js'
import { CANARY } from '../support/canary.ts'

const test = suite('code of the playground')
const run = promisify(execFile)
const folder = resolve('.tmp/playground-code')
const photo = Buffer.from('a photo')
const fileName = 'my "best" \\ it\'s photo.png'

/** What the last run was given. */
let given: Record<string, unknown>
const text = { kind: 'string', required: false } as const
const emulator = createEmulator({
  apiKey: CANARY,
  speed: 20,
  workflows: [
    {
      id: 'qu0t1ng00000',
      name: 'Quoting',
      description: 'Takes any text',
      inputs: {
        prompt: text,
        "an odd 'name'": text,
        __proto__x: text,
        words: { kind: 'string', required: false, array: true },
        steps: { kind: 'number', required: false },
        fast: { kind: 'boolean', required: false },
        picture: { kind: 'image', required: false },
      },
      outputs: { note: 'file' },
      run(inputs: Record<string, unknown>) {
        given = inputs
        return { note: { data: new Uint8Array(1), type: 'text/plain' } }
      },
    },
  ],
})
const server = await serve(emulator)
test.before(() => {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  writeFileSync(`${folder}/${fileName}`, photo)
})
test.after(async () => {
  await server.close()
  emulator.close()
})

const [workflow] = await (async () => {
  const headers = { 'x-api-key': CANARY }
  const { data } = await (await fetch(`${server.url}/api/v1/comfy/workflows`, { headers })).json()
  return data
    .filter(({ id }: { id: string }) => id === 'qu0t1ng00000')
    .map((found: any) => ({
      id: found.id,
      name: found.name,
      outputs: Object.keys(JSON.parse(found.outputs)),
      fields: Object.entries(JSON.parse(found.inputs)).map(([name, kind]) => ({
        name,
        kind,
        details: found.input_details[name],
      })),
    }))
})()

const nasty =
  'it\'s "quoted" \\ \\n $HOME $(id) `id` !! %s $[x] ;type=text/html 猫 </script>\nsecond line\u2028end'
const file = new File([photo], fileName, { type: 'image/png' })
const calls: Record<string, Record<string, unknown>> = {
  'texts, numbers and choices': {
    prompt: nasty,
    "an odd 'name'": nasty,
    __proto__x: 'no prototype',
    words: [nasty, 'two'],
    steps: 3,
    fast: true,
  },
  'a file': { prompt: 'a=b', picture: file },
  'a text that begins with @': { prompt: '@me' },
  'a text that is a path of curl': { prompt: '<secret.txt' },
  'a dash': { prompt: '-', words: ['-', '@@x'] },
  nothing: {},
}

const command = resolve('packages/flowscale/dist/command.js')
const runners: Record<string, (code: string) => Promise<unknown>> = {
  JavaScript: (code) => runFile('call.mjs', code),
  TypeScript: (code) => runFile('call.ts', code),
  curl: (code) => run('bash', ['-c', `${code.trim()} --fail -s`], options()),
  'Command line': (code) =>
    run('bash', ['-c', code.replace('npx flowscale', `${process.execPath} ${command}`)], options()),
}
const options = () => {
  const { TSX_TSCONFIG_PATH, ...env } = process.env
  return { cwd: folder, env: { ...env, FLOWSCALE_API_KEY: CANARY } }
}

async function runFile(name: string, code: string) {
  writeFileSync(`${folder}/${name}`, code)
  const { stdout } = await run(process.execPath, ['--import', 'tsx', name], options())
  assert.match(stdout, 'download_url')
}

const codes = (inputs: Record<string, unknown>): Record<string, string> =>
  callCode({ baseUrl: server.url, hasKey: true, workflow, inputs })

for (const [what, inputs] of Object.entries(calls)) {
  for (const [language, start] of Object.entries(runners)) {
    test(`${language}: ${what}`, async () => {
      given = undefined as never
      const code = codes(inputs)[language]!
      assert.not.match(code, CANARY)
      const before = emulator.stats.runsStarted
      await start(code)
      while (!given) await new Promise((done) => setTimeout(done, 10))
      assert.is(emulator.stats.runsStarted, before + 1)
      const { picture, ...texts } = given as { picture?: { data: Uint8Array } }
      const { picture: sent, ...expected } = inputs
      // A form has CRLF for each line break.
      assert.is(JSON.stringify(texts).replaceAll('\\r\\n', '\\n'), JSON.stringify(expected))
      assert.is(picture && Buffer.from(picture.data).toString(), sent && photo.toString())
    })
  }
}

test('the TypeScript is right for the compiler, and refuses what the workflow does not take', async () => {
  const code = codes(calls['texts, numbers and choices']!).TypeScript!
  const check = (name: string, text: string) => {
    writeFileSync(`${folder}/${name}`, text)
    const flags = '--noEmit --strict --target es2022 --module esnext --moduleResolution bundler --types node'
    return run(
      process.execPath,
      [resolve('node_modules/typescript/bin/tsc'), ...flags.split(' '), name],
      options(),
    )
  }
  await check('right.ts', code)
  const { stdout } = await check('wrong.ts', code.replace('  steps: 3', '  steps: "3"')).catch(
    (error) => error,
  )
  assert.match(stdout, "not assignable to type 'number'")
})

test('without a key there is no header for it', () => {
  const code = callCode({ baseUrl: server.url, hasKey: false, workflow, inputs: {} })
  for (const language of ['JavaScript', 'TypeScript', 'curl'] as const)
    assert.not.match(code[language], /api.?key/i)
})

test.run()
