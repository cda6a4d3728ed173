// Pipes that close, output that is big or lost, and signals.
import { openSync } from 'node:fs'
import { assert, suite } from '#test'
import { assertNoCanary, CANARY } from '../support/canary.ts'
import { listen } from '../support/listen.ts'
import { startProgram } from '../support/startCli.ts'
import { until } from '../support/until.ts'
import { bin, flowscale, start } from './kit.ts'

const test = suite('streams')
const onLinux = process.platform === 'linux' ? test : test.skip

const run = { _id: 'a', status: 'completed', inputs: [], outputs: [], note: 'x'.repeat(3_000_000) }
let isHeld = false
const asked: string[] = []
const server = await listen((request, response) => {
  asked.push(`${request.method} ${request.url}`)
  if (!isHeld) response.end(JSON.stringify({ status: 'success', data: run }))
})
test.after(() => server.close())
test.before.each(() => {
  isHeld = false
  asked.length = 0
})
const env = { FLOWSCALE_API_URL: server.url, FLOWSCALE_API_KEY: CANARY }

/** In a shell, as a person puts commands together. */
async function sh(line: string) {
  const { ended } = startProgram('bash', ['--norc', '-c', line, '_', process.execPath, bin], { env })
  const { code, stdout: out, stderr: err } = await ended
  assertNoCanary(out + err)
  return { code, out, err }
}

test('big JSON comes whole through a pipe, also to a slow reader', async () => {
  const { code, stdout } = await flowscale(['get', 'a', '--json'], { env })
  assert.is(code, 0)
  assert.equal(JSON.parse(stdout), run)
  const slow = await sh('set -o pipefail; "$1" "$2" get a --json | { sleep 0.5; wc -c; }')
  assert.equal([slow.code, Number(slow.out), slow.err], [0, JSON.stringify(run).length + 1, ''])
})

test('a reader that leaves ends it quietly, with 0', async () => {
  const { code, out, err } = await sh('"$1" "$2" get a --json | head -c 1; echo " $PIPESTATUS"')
  assert.equal([code, out, err], [0, '{ 0\n', ''])
})

test('a reader of stderr that leaves changes nothing', async () => {
  const { out } = await sh('"$1" "$2" get a --json 2> >(true) | wc -c')
  assert.is(Number(out), JSON.stringify(run).length + 1)
  const failed = await sh('exec 3>&1; { sleep 0.1; "$1" "$2" nosuch 2>&1 >&3; echo $? >&3; } | true')
  assert.is(failed.out, '2\n')
})

test('several are cancelled, though nobody reads', async () => {
  const { out } = await sh('{ sleep 0.2; "$1" "$2" cancel a b c --json; echo $? >&2; } 2>&1 >&1 | true; true')
  assert.is(out, '')
  assert.equal(
    asked.map((line) => line.split('/')[4]),
    ['a', 'b', 'c'],
  )
})

onLinux('a full disk is an error', async () => {
  for (const args of [
    ['get', 'a'],
    ['get', 'a', '--json'],
  ]) {
    const { code, stderr } = await flowscale(args, { env, stdout: openSync('/dev/full', 'w') })
    assert.is(code, 1)
    assert.match(stderr, /^flowscale: .*ENOSPC[^\n]*\n$/)
  }
})

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  test(`${signal} ends a request, with ${code}`, async () => {
    isHeld = true
    const waiting = start(['get', 'a'], { env })
    await until(() => asked.length)
    waiting.child.kill(signal)
    const ended = await waiting.ended
    assert.equal([ended.code, ended.signal], [code, null])
    assert.is(ended.stderr, 'flowscale: Interrupted\n')
  })
}

test('an interrupt as JSON', async () => {
  isHeld = true
  const waiting = start(['get', 'a', '--json'], { env })
  await until(() => asked.length)
  waiting.child.kill('SIGINT')
  const { code, stdout, stderr } = await waiting.ended
  assert.equal([code, JSON.parse(stdout).error.code, stderr], [130, 'interrupted', ''])
})

test('a cancel that is interrupted asks for no other', async () => {
  isHeld = true
  const waiting = start(['cancel', 'a', 'b'], { env })
  await until(() => asked.length)
  waiting.child.kill('SIGINT')
  assert.is((await waiting.ended).code, 130)
  assert.is(asked.length, 1)
})
