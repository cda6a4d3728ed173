// Help, and what is said to a wrong call.
import { execFile } from 'node:child_process'
import { assert, suite } from '#test'
import { createProgram } from '../../packages/flowscale/src/command/program.ts'
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

const program = createProgram()
const verbs = program
  .createHelp()
  .visibleCommands(program)
  .map((verb) => verb.name())

const isOneScreen = (text: string, most = 24) => {
  const lines = text.trimEnd().split('\n')
  assert.ok(lines.length <= most, `${lines.length} lines: ${text}`)
  for (const line of lines) assert.ok(line.length <= 80, `${line.length} columns: ${line}`)
}

test('nothing, -h, --help and help print the same screen, which names each verb', async () => {
  const { code, stdout, stderr } = await flowscale([])
  assert.equal([code, stderr], [0, ''])
  isOneScreen(stdout, 30)
  for (const name of verbs) assert.match(stdout, new RegExp(`^  ${name} +\\S`, 'm'))
  assert.match(stdout, /FLOWSCALE_API_URL.*\.env.*124 timed out/s)
  for (const args of [['-h'], ['--help'], ['help']]) assert.is((await flowscale(args)).stdout, stdout)
})

for (const name of verbs) {
  test(`help ${name} is one screen with two examples`, async () => {
    const { code, stdout, stderr } = await flowscale(['help', name])
    assert.equal([code, stderr], [0, ''])
    isOneScreen(stdout)
    const examples = /^Examples:\n((?: {2}.*flowscale .*\n)+)$/m.exec(stdout)?.[1]
    assert.is(examples?.trim().split('\n').length, 2)
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
  [['helth'], /^unknown command 'helth' \(Did you mean health\?\)$/],
  [['xyzzy'], /^unknown command 'xyzzy'\. "flowscale help" lists the commands\.$/],
  [['xyzzy', '--help'], /^unknown command 'xyzzy'\. "flowscale help" lists the commands\.$/],
  [['help', 'wrkflows'], /^unknown command 'wrkflows' \(Did you mean workflows\?\)$/],
  [['help', 'xyzzy'], /^unknown command 'xyzzy'\. "flowscale help" lists the commands\.$/],
  [[''], /^unknown command ''\. /],
  [['runs', '--limt', '3'], /^unknown option '--limt' \(Did you mean --limit\?\)$/],
  [['runs', '--limt=3'], /^unknown option '--limt'/],
  [
    ['health', '--nothing-like-it'],
    /^unknown option '--nothing-like-it'\. "flowscale help health" lists the flags\.$/,
  ],
  [['health', '-x'], /^unknown option '-x'\. /],
  [['--limit', '3', 'runs'], /^unknown option '--limit'.*goes after the verb\.$/],
  [['--jso', 'health'], /^unknown option '--jso' \(Did you mean --json\?\)$/],
  [['health', `--api-keey=${CANARY}`], /^unknown option '--api-keey'/],
  [[`--api-keey=${CANARY}\r\n'x'`, 'health'], /^unknown option '--api-keey'/],
  [['health', `--json=${CANARY}`], /^unknown option '--json'/],
  [['health', `--api-key ${CANARY}`], /^unknown option '--api-key'/],
  [['health', `--api-key'${CANARY}'`], /^unknown option '--api-key'/],
  [['--url', 'health'], /^missing command/],
  [['--api-key', CANARY], /^missing command/],
  [['run', 'a', '-o', '--help'], /'-o, --output <dir>' argument missing$/],
  [['runs', '--limit'], /'--limit <n>' argument missing$/],
  [['runs', '--limit', '--group', 'a'], /'--limit <n>' argument missing$/],
  [['run', 'a', '--output', '--timeout', '60'], /'-o, --output <dir>' argument missing$/],
  [['run', 'a', '-o', '--url', 'http://127.0.0.1'], /'-o, --output <dir>' argument missing$/],
  [['runs', '--group', ''], /'--group <id>' argument is empty$/],
  [['runs', '--group='], /'--group <id>' argument is empty$/],
  [['runs', '--url'], /'--url <url>' argument missing$/],
  [['runs', '--url='], /'--url <url>' argument is empty$/],
  [['health', '--api-key', ''], /'--api-key <key>' argument is empty$/],
  [['health', '--api-key', '--url', 'a'], /'--api-key <key>' argument missing$/],
  [['runs', '--limit', 'many'], /'--limit <n>' argument 'many' is invalid.*whole number above 0\.$/],
  [['runs', '--limit', '0'], /'0' is invalid.*whole number above 0\.$/],
  [['runs', '--limit=-1'], /'-1' is invalid.*whole number above 0\.$/],
  [['wait', 'a', '--timeout', '1h'], /'1h' is invalid.*number of seconds/],
  [['pull', '--out', 'a.js'], /'a\.js' is invalid.*TypeScript file/],
  [['batch', 'a', 'b'], /^required option '-o, --output <dir>' not specified$/],
  [['run', 'a', '--detach', '-o', 'b'], /'--detach' cannot be used with option '-o, --output <dir>'$/],
  [['get'], /^missing required argument 'run'\. Usage: flowscale get \[options\] <run>$/],
  [['get', 'a', 'b'], /^too many arguments for 'get'.* 1 argument but got 2\. Put quotes/],
  [['health', 'all'], /^too many arguments for 'health'.* 0 arguments but got 1\./],
  [['cancel'], /^missing required argument 'runs'\. Usage: flowscale cancel \[options\] <runs\.\.\.>$/],
  ...['get', 'wait', 'cancel', 'download'].flatMap((verb) =>
    ['', ' ', '..'].map((id): [string[], RegExp] => [
      [verb, id],
      /^An id is empty or only dots\. "flowscale runs" lists the runs\.$/,
    ]),
  ),
  [['get', '--', '--json', '-h'], /^too many arguments for 'get'/],
  [['completion', 'tcsh'], /'tcsh' is invalid.*bash, zsh, fish\.$/],
]

for (const [args, message] of wrong) {
  test(`flowscale ${JSON.stringify(args.join(' '))}`, async () => {
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
    assertNoCanary(json.stdout)
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
  assert.match(await npx('get'), 'Usage: npx flowscale get [options] <run>')
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
