// Where the address and the key come from, and where the key goes.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { assert, suite } from '#test'
import { assertNoCanary, CANARY } from '../support/canary.ts'
import { listen } from '../support/listen.ts'
import { type Ended, flowscale } from './kit.ts'

const test = suite('settings')

/** A server that lists a container, and remembers the keys that it was sent. */
async function serve() {
  const keys: unknown[] = []
  const server = await listen((request, response) => {
    keys.push(request.headers['x-api-key'])
    response.end('{"status":"success","data":[{"container":"a","status":"idle"}]}')
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
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')

/**
 * Where an address and a key are set, the key that your server and the strange one are sent (`-`: no request), and the key
 * that stderr says was not used.
 * `you` and `strange` are the servers, and `key` is the canary.
 */
const cases = `
what                                                | flags        | environment | .env        | you  | strange | not used
environment                                         |              | you key     |             | key  | -       | -
flags                                               | you key      |             |             | key  | -       | -
.env                                                |              |             | you key     | key  | -       | -
no key                                              |              | you         |             | none | -       | -
flags go before the environment                     | you key      | strange x   |             | key  | -       | -
the environment goes before .env                    |              | you key     | strange x   | key  | -       | -
a strange .env gets no key of the environment       |              | - key       | strange     | -    | none    | FLOWSCALE_API_KEY in the environment
nor where it has a key                              |              | - key       | strange x   | -    | x       | FLOWSCALE_API_KEY in the environment
the same key in both places is used                 |              | - key       | you key     | key  | -       | -
a key by a flag goes to the address of .env         | - key        |             | you         | key  | -       | -
and the user knows that it goes first               | - key        | - x         | you y       | key  | -       | -
a key of .env without an address goes to yours      |              | you         | - key       | key  | -       | -
a key of .env goes to no other address: flag        | strange      |             | you key     | -    | none    | FLOWSCALE_API_KEY in .env
a key of .env goes to no other address: environment |              | strange     | you key     | -    | none    | FLOWSCALE_API_KEY in .env
the same address, written otherwise                 | you/         |             | you key     | key  | -       | -
empty values are none                               |              | empty blank | you key     | key  | -       | -`

const values: Record<string, string | undefined> = {
  you: yours.url,
  'you/': `${yours.url}/`,
  strange: strange.url,
  key: CANARY,
  empty: '',
  blank: ' ',
}
const fieldsOf = (cell: string) =>
  Object.fromEntries(
    cell.split(' ').flatMap((word, place) => {
      const name = ['FLOWSCALE_API_URL', 'FLOWSCALE_API_KEY'][place]!
      return word && word !== '-' ? [[name, word in values ? values[word]! : word]] : []
    }),
  )
const sent = (cell: string) => (cell === '-' ? [] : [cell === 'none' ? undefined : (values[cell] ?? cell)])

for (const row of cases.trim().split('\n').slice(1)) {
  const cells = row.split('|').map((cell) => cell.trim())
  const [what, flags, environment, file, toYours, toStrange, unused] = cells
  test(what!, async () => {
    assert.is(cells.length, 7, row)
    writeFileSync(envFile, lines(fieldsOf(file!)))
    const { FLOWSCALE_API_URL: url, FLOWSCALE_API_KEY: key } = fieldsOf(flags!)
    const args = [...(url ? ['--url', url] : []), ...(key ? ['--api-key', key] : [])]
    const { code, stderr } = await health(args, fieldsOf(environment!))
    const note = `${unused} was not used: address and key must come from the same place.\n`
    assert.equal([code, stderr], [0, unused === '-' ? '' : note])
    assert.equal([yours.keys, strange.keys], [sent(toYours!), sent(toStrange!)])
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
    writeFileSync(envFile, lines({ FLOWSCALE_API_URL: closed.url }))
    const ofEnv = await health([], { FLOWSCALE_API_KEY: CANARY })
    assert.is(ofEnv.code, 5)
    assert.match(
      ofEnv.stderr,
      /\. FLOWSCALE_API_KEY in the environment was not sent, .*, or pass --api-key\.\n$/,
    )
    writeFileSync(envFile, lines(fieldsOf('you key')))
    const ofFile = await health(['--url', closed.url])
    assert.is(ofFile.code, 5)
    assert.match(ofFile.stderr, /\. FLOWSCALE_API_KEY in \.env was not sent, /)
    const sent = await health(['--url', closed.url, '--api-key', CANARY])
    assert.match(sent.stderr, /\. Check the key: --api-key, FLOWSCALE_API_KEY or \.env\.\n$/)
  } finally {
    await closed.close()
  }
})
