// Help, and what is said to a wrong call.
import { execFile } from 'node:child_process'
import { assert, suite } from '#test'
import { verbs } from '../../packages/flowscale/src/command/program.ts'
import { assertNoCanary, CANARY } from '../support/canary.ts'
import { listen } from '../support/listen.ts'
import { flowscale } from './kit.ts'

const test = suite('usage')

let requests = 0
const server = await listen((_request, response) => {
  requests++
  response.end('{}')
})
test.after(() => server.close())
const env = { FLOWSCALE_API_URL: server.url, FLOWSCALE_API_KEY: CANARY }

const isOneScreen = (text: string) => {
  const lines = text.trimEnd().split('\n')
  assert.ok(lines.length <= 24, `${lines.length} lines: ${text}`)
  for (const line of lines) assert.ok(line.length <= 80, `${line.length} columns: ${line}`)
}

test('nothing, -h, --help and help print the same screen, which names each verb', async () => {
  const { code, stdout, stderr } = await flowscale([])
  assert.equal([code, stderr], [0, ''])
  isOneScreen(stdout)
  for (const { name } of verbs) assert.match(stdout, new RegExp(`^  ${name} +\\S`, 'm'))
  assert.match(stdout, /FLOWSCALE_API_URL.*\.env.*124 timed out/s)
  for (const args of [['-h'], ['--help'], ['help']]) assert.is((await flowscale(args)).stdout, stdout)
})

for (const { name, examples } of verbs) {
  test(`help ${name} is one screen with two examples`, async () => {
    const { code, stdout, stderr } = await flowscale(['help', name])
    assert.equal([code, stderr], [0, ''])
    isOneScreen(stdout)
    assert.is(examples.length, 2)
    for (const example of examples) assert.ok(stdout.includes(`\n  ${example}\n`))
    for (const flag of ['--help', '-h']) assert.is((await flowscale([name, flag])).stdout, stdout)
  })
}

test('-v, -V, --version and version', async () => {
  for (const word of ['-v', '-V', '--version', 'version']) {
    assert.equal(await flowscale([word]), { code: 0, signal: null, stdout: '0.1.0\n', stderr: '' })
  }
  assert.equal(JSON.parse((await flowscale(['version', '--json'])).stdout), { version: '0.1.0' })
})

/** What is called, and what is said. */
const wrong: [args: string[], message: RegExp][] = [
  [['helth'], /^There is no verb "helth"\. Did you mean "health"\?/],
  [['xyzzy'], /^There is no verb "xyzzy"\. "flowscale help" lists them\.$/],
  [['xyzzy', '--help'], /^There is no verb "xyzzy"/],
  [['help', 'wrkflows'], /^There is no verb "wrkflows"\. Did you mean "workflows"\?/],
  [['runs', '--limt', '3'], /^"runs" has no flag --limt\. Did you mean "--limit"\?$/],
  [['runs', '--limt=3'], /^"runs" has no flag --limt\. Did you mean "--limit"\?$/],
  [
    ['health', '--nothing-like-it'],
    /^"health" has no flag --nothing-like-it\. "flowscale help health" lists/,
  ],
  [['health', '-x'], /^"health" has no flag -x\. "flowscale help health"/],
  [['--limit', '3', 'runs'], /^There is no flag --limit\. A flag of a verb goes after it/],
  [['--jso', 'health'], /^There is no flag --jso\. Did you mean "--json"\?$/],
  [['runs', '--limit'], /^--limit needs a value: --limit <n>\.$/],
  [['runs', '--limit', '--group', 'a'], /^--limit needs a value: --limit <n>\.$/],
  [['runs', '--group', ''], /^The value of --group is empty\.$/],
  [['runs', '--url'], /^--url needs a value: --url <url>\.$/],
  [['health', '--api-key', ''], /^The value of --api-key is empty\.$/],
  [['runs', '--limit', 'many'], /^--limit takes a whole number above 0, not "many"\.$/],
  [['runs', '--limit', '0'], /^--limit takes a whole number above 0, not "0"\.$/],
  [['runs', '--limit=-1'], /^--limit takes a whole number above 0, not "-1"\.$/],
  [['get'], /^"get" needs <run>, as in: flowscale get 808f34d0$/],
  [['get', 'a', 'b'], /^"get" takes 1 argument: "b" is one too many\. Put quotes/],
  [['health', 'all'], /^"health" takes no argument: "all" is one too many\./],
  [['cancel'], /^"cancel" needs <runs>, as in: flowscale cancel 808f34d0$/],
  [['get', '..'], /^runId must be a string/],
  [['get', '--', '--json', '-h'], /^"get" takes 1 argument: "-h" is one too many/],
  [['completion', 'zsh'], /^There is no completion for "zsh", only for bash\.$/],
]

for (const [args, message] of wrong) {
  test(`flowscale ${args.join(' ')}`, async () => {
    requests = 0
    const { code, stdout, stderr } = await flowscale(args, { env })
    assert.equal([code, stdout, stderr.match(/\n/g)?.length], [2, '', 1], stderr)
    assert.ok(stderr.startsWith('flowscale: '))
    assert.match(stderr.slice('flowscale: '.length).trimEnd(), message)
    assertNoCanary(stderr)
    assert.not.match(stderr, /\n\s+at /)
    assert.is(requests, 0)

    const isForJson = !args.includes('--')
    if (!isForJson) return
    // After the rest, as it would be the value of a flag that lacks one.
    const json = await flowscale([...args, '--json'], { env })
    const { error, ...none } = JSON.parse(json.stdout)
    assert.equal([json.code, json.stderr, none, error.message === ''], [2, '', {}, false])
    assert.match(error.code, /^(usage|ERR_FLOWSCALE_ARGUMENT)$/)
    assert.is(requests, 0)
  })
}

test('after npx, what is to be typed begins with npx', async () => {
  const npx = (...args: string[]) =>
    new Promise<string>((settle) =>
      execFile('npx', ['flowscale', ...args], (_, stdout, stderr) => settle(stdout + stderr)),
    )
  assert.match(await npx('xyzzy'), '"npx flowscale help" lists them.')
  assert.match(await npx('get'), 'as in: npx flowscale get 808f34d0')
  const help = await npx('help', 'run')
  isOneScreen(help)
  assert.not.match(help, /(?<!npx )flowscale /)
})

test('a wrong call is found before settings are asked for', async () => {
  for (const args of [
    ['runs', '--limit', 'many'],
    ['health', 'all'],
  ]) {
    const { code, stderr } = await flowscale(args)
    assert.is(code, 2)
    assert.not.match(stderr, /No address/)
  }
})

test('flags stand before the verb, too, and after -- nothing is a flag', async () => {
  for (const args of [
    ['--json', '--url', server.url, 'get', 'a'],
    ['get', 'a', '--url', server.url, '--json'],
    ['get', '--json', `--url=${server.url}`, '--', 'a'],
  ]) {
    const { stdout, stderr } = await flowscale(args)
    assert.equal([JSON.parse(stdout).error.code, stderr], ['ERR_FLOWSCALE_RESPONSE', ''])
  }
  requests = 0
  await flowscale(['get', '--url', server.url, '--', '--json'])
  assert.is(requests, 1)
})
