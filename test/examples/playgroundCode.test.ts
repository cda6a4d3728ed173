// The code that the playground shows, run as it stands: what arrives is what was given, and the key is in none of it.
import { execFile } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { createEmulator } from '@flowscale/emulator'
import { serve } from '@flowscale/emulator/node'
import { assert, suite } from '#test'
import { demoKey } from '../../packages/playground/src/state/address.ts'
import { callCode } from '../../packages/playground/src/view/callCode.ts'
import { CANARY } from '../support/canary.ts'

const test = suite('code of the playground')
const run = promisify(execFile)
const folder = resolve('.tmp/playground-code')
const photo = Buffer.from('a photo')
const fileName = 'my "best" \\ it\'s photo.png'

/** What the last run was given. */
let given: Record<string, unknown>
/** The key that is in the form. A secret one is in the environment. */
let apiKey = CANARY
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
        flags: { kind: 'boolean', required: false, array: true },
        picture: { kind: 'image', required: false },
        pictures: { kind: 'image', required: false, array: true },
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
  writeFileSync(`${folder}/other.png`, 'another photo')
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
    flags: [true, false],
  },
  'a file': { prompt: 'a=b', picture: file },
  'several files': { pictures: [file, new File(['another photo'], 'other.png', { type: 'image/png' })] },
  'typographic quotes': { prompt: '‘a’ ‚b‛ “c” `d`' },
  'a text that begins with @': { prompt: '@me' },
  'a text that is a path of curl': { prompt: '<secret.txt' },
  'a dash': { prompt: '-', words: ['-', '@@x'] },
  nothing: {},
}

const command = resolve('packages/flowscale/dist/command.js')
const runners: Record<string, (code: string) => Promise<unknown>> = {
  JavaScript: (code) => runFile('call.mjs', code),
  TypeScript: (code) => runFile('call.ts', code),
  curl: (code) => run('bash', ['-c', `set -o pipefail; ${code.replace('curl ', 'curl -s ')}`], options()),
  Python: (code) => run('python3', ['-c', code], options()),
  PowerShell: sendAsPowerShell,
  'Command line': (code) =>
    run('bash', ['-c', code.replace('npx flowscale', `${process.execPath} ${command}`)], options()),
}
const options = () => {
  const { TSX_TSCONFIG_PATH, FLOWSCALE_API_KEY, ...env } = process.env
  return { cwd: folder, env: { ...env, ...(apiKey === CANARY && { FLOWSCALE_API_KEY: CANARY }) } }
}

/** Reads the code by the rules of PowerShell for quotes, and sends what `-Form` would. */
async function sendAsPowerShell(code: string) {
  const quotes = "['\u2018-\u201b]"
  const word = new RegExp(`${quotes}((?:[^'\u2018-\u201b]|(${quotes})${quotes})*)${quotes}`, 'y')
  let place = 0
  const skip = (text: string) => {
    const isThere = code.startsWith(text, place)
    if (isThere) place += text.length
    return isThere
  }
  const expect = (text: string) => assert.ok(skip(text), `${text} at ${code.slice(place, place + 40)}`)
  const read = () => {
    word.lastIndex = place
    const [whole, inner] = word.exec(code) ?? []
    assert.ok(whole, `a text at ${code.slice(place, place + 40)}`)
    place += whole!.length
    return inner!.replace(new RegExp(`(${quotes})${quotes}`, 'g'), '$1')
  }
  const form = new FormData()
  expect('# PowerShell 7\n$inputs = @{\n')
  while (!skip('}\n')) {
    expect('  ')
    const name = read()
    expect(' = ')
    do {
      if (skip('(Get-Item -LiteralPath ')) {
        const path = read()
        expect(')')
        form.append(name, new Blob([readFileSync(`${folder}/${path}`)]), path)
      } else form.append(name, read())
    } while (skip(', '))
    expect('\n')
  }
  expect('$request = @{\n  Uri = ')
  const url = read()
  expect("\n  Method = 'Post'\n  Form = $inputs\n  Headers = @{ 'X-API-KEY' = ")
  expect(apiKey === CANARY ? '$env:FLOWSCALE_API_KEY' : `'${apiKey}'`)
  expect(' }\n  MaximumRedirection = 0\n}\nInvoke-RestMethod @request\n')
  assert.is(place, code.length)
  // A form without a part: fetch would send no boundary.
  const empty = { 'content-type': 'multipart/form-data; boundary=none' }
  const isEmpty = [...form].length === 0
  const headers = { 'x-api-key': apiKey, ...(isEmpty && empty) }
  const { status } = await fetch(url, { method: 'POST', headers, body: isEmpty ? '--none--\r\n' : form })
  assert.is(status, 200)
}

async function runFile(name: string, code: string) {
  writeFileSync(`${folder}/${name}`, code)
  const { stdout } = await run(process.execPath, ['--import', 'tsx', name], options())
  assert.match(stdout, 'download_url')
}

const codes = (inputs: Record<string, unknown>): Record<string, string> =>
  callCode({ baseUrl: server.url, apiKey, workflow, inputs, isGateway: true })

for (const [what, inputs] of Object.entries(calls)) {
  for (const [language, start] of Object.entries(runners)) {
    test(`${language}: ${what}`, () => {
      const code = codes(inputs)[language]!
      assert.not.match(code, CANARY)
      return arrives(inputs, () => start(code))
    })
  }
}

/** One run is started, and is given these inputs. */
async function arrives(inputs: Record<string, unknown>, start: () => Promise<unknown>) {
  given = undefined as never
  const before = emulator.stats.runsStarted
  await start()
  while (!given) await new Promise((done) => setTimeout(done, 10))
  assert.is(emulator.stats.runsStarted, before + 1)
  const { picture, pictures, ...texts } = given as {
    picture?: { data: Uint8Array }
    pictures?: { data: Uint8Array }[]
  }
  const { picture: sent, pictures: severalSent, ...expected } = inputs
  // A form has CRLF for each line break.
  assert.is(JSON.stringify(texts).replaceAll('\\r\\n', '\\n'), JSON.stringify(expected))
  assert.is(picture && Buffer.from(picture.data).toString(), sent && photo.toString())
  const contents = pictures?.map(({ data }) => Buffer.from(data).toString())
  assert.equal(contents, severalSent && ['a photo', 'another photo'])
}

for (const [what, inputs] of Object.entries(calls)) {
  test(`curl for a server that takes no JSON: ${what}`, async () => {
    const code = callCode({ baseUrl: server.url, apiKey, workflow, inputs, isGateway: false })
    assert.is(code.Python, undefined)
    await arrives(inputs, () => runners.curl!(code.curl))
  })
}

test('the code of JavaScript and Python has one kind of quotes', () => {
  const code = codes({ prompt: 'it\'s "red"', words: ['a', 'b'], picture: file, fast: true })
  for (const language of ['JavaScript', 'TypeScript', 'Python']) {
    const outside = code[language]!.replaceAll(/'(?:\\.|[^'\\])*'|#.*/g, '')
    assert.not.match(outside, /["']/, language)
  }
})

test('with the public key of the emulator the code answers as pasted', async () => {
  const open = createEmulator({ speed: 20 })
  const served = await serve(open)
  apiKey = demoKey
  const listed = { ...workflow, id: 't3xtwr1ter00', fields: [] }
  const call = { baseUrl: served.url, apiKey, workflow: listed, isGateway: true }
  const code: Record<string, string> = callCode({ ...call, inputs: { prompt: 'a' } })
  const saved = () => readdirSync(folder).filter((name) => name.endsWith('.txt'))
  // This emulator gives the same names as the other one.
  for (const name of saved()) rmSync(`${folder}/${name}`)
  for (const [language, start] of Object.entries(runners)) await start(code[language]!)
  assert.is(open.stats.runsStarted, 6)
  assert.is(saved().length, 2, 'curl and Python save the output')
  apiKey = CANARY
  await served.close()
  open.close()
})

test('the TypeScript is right for the compiler, and refuses what the workflow does not take', async () => {
  const code = codes(calls['texts, numbers and choices']!).TypeScript!
  const check = (name: string, text: string) => {
    writeFileSync(`${folder}/${name}`, text)
    const flags = '--noEmit --strict --target es2022 --module esnext --moduleResolution bundler --types node'
    return run(
      process.execPath,
      [resolve('node_modules/typescript7/bin/tsc'), ...flags.split(' '), name],
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
  const code = callCode({ baseUrl: server.url, apiKey: '', workflow, inputs: {}, isGateway: true })
  for (const language of ['JavaScript', 'TypeScript', 'curl', 'Python', 'PowerShell'] as const)
    assert.not.match(code[language]!, /api.?key/i)
})
