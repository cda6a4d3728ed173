// Where the address and the key come from, and where the key goes.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { assert, suite } from '#test'
import { assertNoCanary, CANARY } from '../support/canary.ts'
import { listen } from '../support/listen.ts'
import { type Ended, flowscale } from './kit.ts'

const test = suite('settings')

/** A server that lists no containers, and remembers the keys that it was sent. */
async function serve() {
  const keys: unknown[] = []
  const server = await listen((request, response) => {
    keys.push(request.headers['x-api-key'])
    response.end('{"status":"success","data":[]}')
  })
  return { ...server, keys }
}
const yours = await serve()
const strange = await serve()
test.after(async () => {
  await yours.close()
  await strange.close()
})

const folder = mkdtempSync(join(tmpdir(), 'flowscale-settings-'))
test.after(() => rmSync(folder, { recursive: true }))
const envFile = join(folder, '.env')
test.before.each(() => {
  rmSync(envFile, { recursive: true, force: true })
  yours.keys.length = 0
  strange.keys.length = 0
})

const health = async (args: string[] = [], env: Record<string, string> = {}): Promise<Ended> => {
  const ended = await flowscale(['health', ...args], { env, cwd: folder })
  assertNoCanary(ended.stdout + ended.stderr, 'the output')
  return ended
}
const lines = (fields: Record<string, string>) =>
  Object.entries(fields)
    .map(([name, value]) => `FLOWSCALE_API_${name}=${value}\n`)
    .join('')

type Fields = { URL?: string; KEY?: string }
/** What is set where, and the key that your server and the strange one are sent; `null`: no request. */
const cases: [what: string, flags: Fields, env: Fields, file: Fields, yours: unknown, strange: unknown][] = [
  ['environment', {}, { URL: yours.url, KEY: CANARY }, {}, CANARY, null],
  ['flags', { URL: yours.url, KEY: CANARY }, {}, {}, CANARY, null],
  ['.env', {}, {}, { URL: yours.url, KEY: CANARY }, CANARY, null],
  ['no key', {}, { URL: yours.url }, {}, undefined, null],
  [
    'flags go before the environment',
    { URL: yours.url, KEY: CANARY },
    { URL: strange.url, KEY: 'x' },
    {},
    CANARY,
    null,
  ],
  [
    'the environment goes before .env',
    {},
    { URL: yours.url, KEY: CANARY },
    { URL: strange.url, KEY: 'x' },
    CANARY,
    null,
  ],
  [
    'a strange .env gets no key of the environment',
    {},
    { KEY: CANARY },
    { URL: strange.url },
    null,
    undefined,
  ],
  ['nor where it has a key', {}, { KEY: CANARY }, { URL: strange.url, KEY: 'x' }, null, 'x'],
  ['a key by a flag goes to the address of .env', { KEY: CANARY }, {}, { URL: yours.url }, CANARY, null],
  ['a key of .env without an address goes to yours', {}, { URL: yours.url }, { KEY: CANARY }, CANARY, null],
  [
    'a key of .env goes to no other address: flag',
    { URL: strange.url },
    {},
    { URL: yours.url, KEY: CANARY },
    null,
    undefined,
  ],
  [
    'a key of .env goes to no other address: environment',
    {},
    { URL: strange.url },
    { URL: yours.url, KEY: CANARY },
    null,
    undefined,
  ],
  [
    'the same address, written otherwise',
    { URL: `${yours.url}/` },
    {},
    { URL: yours.url, KEY: CANARY },
    CANARY,
    null,
  ],
  ['empty values are none', {}, { URL: '', KEY: ' ' }, { URL: yours.url, KEY: CANARY }, CANARY, null],
]

for (const [what, flags, env, file, toYours, toStrange] of cases) {
  test(what, async () => {
    writeFileSync(envFile, lines(file))
    const args = [...(flags.URL ? ['--url', flags.URL] : []), ...(flags.KEY ? ['--api-key', flags.KEY] : [])]
    const set = Object.fromEntries(
      Object.entries(env).map(([name, value]) => [`FLOWSCALE_API_${name}`, value]),
    )
    const { code, stderr } = await health(args, set)
    assert.is(code, 0, stderr)
    assert.equal(yours.keys, toYours === null ? [] : [toYours])
    assert.equal(strange.keys, toStrange === null ? [] : [toStrange])
  })
}

for (const [what, text] of [
  ['CRLF', `FLOWSCALE_API_URL=${yours.url}\r\nFLOWSCALE_API_KEY=${CANARY}\r\n`],
  ['a byte order mark', `\ufeffFLOWSCALE_API_URL=${yours.url}\nFLOWSCALE_API_KEY=${CANARY}`],
  ['quotes', `FLOWSCALE_API_URL="${yours.url}" # the pod\nexport FLOWSCALE_API_KEY='${CANARY}'`],
] as const) {
  test(`.env with ${what}`, async () => {
    writeFileSync(envFile, text)
    await health()
    assert.equal(yours.keys, [CANARY])
  })
}

test('.env that is a folder is none', async () => {
  mkdirSync(envFile)
  const { code, stderr } = await health()
  assert.is(code, 2)
  assert.match(stderr, /^flowscale: No address: set FLOWSCALE_API_URL .* npx @flowscale\/emulator\n$/)
})

test('.env that cannot be read is an error, where it is needed only', async () => {
  symlinkSync('.env', envFile)
  const { code, stderr } = await health()
  assert.equal(
    [code, stderr],
    [
      2,
      'flowscale: .env in this folder cannot be read (ELOOP): fix the file, or pass --url and --api-key.\n',
    ],
  )
  assert.is((await health(['--url', yours.url, '--api-key', CANARY])).code, 0)
})

const url = { FLOWSCALE_API_URL: yours.url }
/** What is wrong with a setting: it is called by its name, and no key is shown. */
const wrong: [what: string, args: string[], env: Record<string, string>, message: RegExp][] = [
  [
    'no scheme',
    [],
    { FLOWSCALE_API_URL: 'my-pod.example' },
    /^FLOWSCALE_API_URL must be an http\(s\) URL without .*; write http:\/\/ or https:\/\/ before it\.$/,
  ],
  ['other scheme', ['--url', 'ftp://pod'], {}, /^--url must be an http\(s\) URL/],
  ['/api/v1', ['--url', `${yours.url}/api/v1`], {}, /^--url must be .* \/api\/v1\.$/],
  ['credentials', ['--url', `http://ada:${CANARY}@127.0.0.1`], {}, /^--url must be .* without login/],
  ['a key in the URL', ['--url', `${yours.url}?key=${CANARY}`], {}, /^--url must be .* without .*\?/],
  ['key and line break', ['--api-key', `${CANARY}\nX-Other: 1`], url, /^--api-key must be/],
  ['key not ASCII', [], { ...url, FLOWSCALE_API_KEY: `${CANARY}–ключ` }, /^FLOWSCALE_API_KEY must be/],
  ['key for the address', ['--url', CANARY], {}, /^--url must be/],
]

for (const [what, args, env, message] of wrong) {
  test(`wrong: ${what}`, async () => {
    const { code, stdout, stderr } = await health(args, env)
    assert.equal([code, stdout, yours.keys], [2, '', []])
    assert.match(stderr, /^flowscale: .*\n$/)
    assert.match(stderr.slice('flowscale: '.length).trimEnd(), message)
    const json = await health([...args, '--json'], env)
    assert.equal([json.code, json.stderr, JSON.parse(json.stdout).error.code], [2, '', 'usage'])
  })
}

test('a 401 says which key was set and not sent', async () => {
  const closed = await listen((_request, response) => response.writeHead(401).end())
  try {
    writeFileSync(envFile, lines({ URL: closed.url }))
    const ofEnv = await health([], { FLOWSCALE_API_KEY: CANARY })
    assert.is(ofEnv.code, 5)
    assert.match(ofEnv.stderr, /\. FLOWSCALE_API_KEY was not sent, .*, or pass --api-key\.\n$/)
    writeFileSync(envFile, lines({ URL: yours.url, KEY: CANARY }))
    const ofFile = await health(['--url', closed.url])
    assert.is(ofFile.code, 5)
    assert.match(ofFile.stderr, /\. FLOWSCALE_API_KEY in \.env was not sent, /)
    const sent = await health(['--url', closed.url, '--api-key', CANARY])
    assert.match(sent.stderr, /\. Check the key: --api-key, FLOWSCALE_API_KEY or \.env\.\n$/)
  } finally {
    await closed.close()
  }
})
