import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { assert, said, suite } from '#test'
import { bundled } from '../../support/bundled.ts'
import { assertNoCanary, CANARY } from '../../support/canary.ts'
import { until } from '../../support/until.ts'

const CLI = bundled('packages/emulator/src/cli.ts')
const test = suite('cli')

interface Running {
  child: ChildProcess
  out(): string
  err(): string
  exit: Promise<[code: number | null, signal: string | null]>
}

const running = new Set<ChildProcess>()
test.after.each(() => {
  for (const child of running) child.kill('SIGKILL')
})

function run(...flags: string[]): Running {
  const child = spawn(process.execPath, [CLI, ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.add(child)
  let out = ''
  let err = ''
  child.stdout.on('data', (part) => {
    out += part
  })
  child.stderr.on('data', (part) => {
    err += part
  })
  const exit: Running['exit'] = new Promise((resolve) =>
    child.on('close', (code, signal) => {
      running.delete(child)
      resolve([code, signal])
    }),
  )
  return { child, out: () => out, err: () => err, exit }
}

function listening(port: number): Promise<Server> {
  const server = createServer()
  return new Promise((resolve) => {
    server.on('error', () => resolve(server))
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
}

const health = '/api/v1/comfy/health'

test('--json: the first line, logs on stderr, SIGTERM', async () => {
  const cli = run('--json', '--port', '0', '--api-key', 'k-1', '--containers', '3', '--speed', 'Infinity')
  await until(cli.out, (text) => text.includes('\n'))
  const { url, filesUrl, apiKey, ...rest } = JSON.parse(cli.out())
  assert.is(apiKey, 'k-1')
  assert.equal(rest, {})
  assert.is.not(url, filesUrl)
  const response = await fetch(url + health, { headers: { 'X-API-KEY': 'k-1' } })
  assert.is((await response.json()).data.length, 3)
  assert.is((await fetch(`${filesUrl}/x?signature=secret`)).status, 403)
  for (const origin of [url, filesUrl]) await fetch(`${origin}/k-1?x-api-key=k-1`)
  // A run that never ends does not hold the process.
  const endless = await fetch(`${url}/api/v1/runs?workflow_id=nev3rend5run`, {
    method: 'POST',
    headers: { 'X-API-KEY': 'k-1' },
  })
  assert.is(endless.status, 200)
  await until(cli.err, (text) => text.split('\n').length > 5)
  cli.child.kill('SIGTERM')
  assert.equal(await cli.exit, [0, null])
  assert.is(cli.out().split('\n').length, 2)
  assert.match(
    cli.err(),
    /^GET \/api\/v1\/comfy\/health 200 \d+ ms\nGET \(files\) \/x 403 \d+ ms\nGET \/…\?x-api-key=… 404 \d+ ms\nGET \(files\) \/… 403 \d+ ms\nPOST \/api\/v1\/runs\?workflow_id=nev3rend5run 200 \d+ ms\n$/,
  )
})

test('plain: a banner, a log line for each request, SIGINT', async () => {
  const cli = run('--port=0', '--dialect=python')
  await until(cli.out, (text) => text.includes('curl'))
  const url = /API +(\S+)/.exec(cli.out())![1]!
  assert.match(cli.out(), 'fsk_local_demo_key')
  const made =
    'bncu0a1kipv a9bc45rt2kpm d1ptych7two2 fa1lsa1ways0 nev3rend5run t3xtwr1ter00 v1deoinf0000 t3xt2v1deo00'
  for (const id of made.split(' ')) assert.match(cli.out(), id)
  assert.match(cli.out(), `${url.replace('http', 'ws')}/api/v1/ws\n`)
  assert.match(cli.out(), `'${url}/api/v1/runs?workflow_id=bncu0a1kipv'`)
  const response = await fetch(`${url}/api/v1/comfy/workflows`, {
    headers: { 'X-API-KEY': 'fsk_local_demo_key' },
  })
  assert.is((await response.json()).data.workflows.length, 8)
  await until(cli.out, (text) => /GET \/api\/v1\/comfy\/workflows 200 \d+ ms\n/.test(text))
  cli.child.kill('SIGINT')
  assert.equal(await cli.exit, [0, null])
  assert.is(cli.err(), '')
})

test('--workflows: those of the user come first, and the line to try is for one of them', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'flowscale-emulator-'))
  const module = join(folder, 'mine.mjs')
  writeFileSync(
    module,
    `export default { id: 'sh0ut', name: 'Shout', description: 'Loud', inputs: { "it's": 'string' },
      outputs: { said: 'file' }, run: () => ({ said: { data: new Uint8Array(1), type: 'text/plain' } }) }`,
  )
  const flows = fileURLToPath(new URL('../../comfyui/workflows', import.meta.url))
  const cli = run('--port=0', '--speed', 'Infinity', '--workflows', flows, '--workflows', module)
  await until(cli.out, (text) => text.includes('film_gifs'))
  await until(cli.out, (text) => text.includes('note: video'))
  const url = /API +(\S+)/.exec(cli.out())![1]!
  const listed = /Workflows\n([\s\S]*?)\n\n/.exec(cli.out())![1]!.split('\n')
  assert.match(
    listed[3]!,
    /^ {4}text-to-image +\(prompt\?: string, size\?: number, seed\?: number\) → result: image$/,
  )
  assert.match(listed[6]!, /^ {4}sh0ut +Shout: Loud$/)
  assert.match(listed[7]!, /^ {4}bncu0a1kipv +Text to Image: /)
  assert.match(cli.out(), `-F 'prompt=a lighthouse at dusk' '${url}/api/v1/runs?workflow_id=text-to-image'`)
  assert.match(
    cli.out(),
    /^note: text-to-image\.json: unknown node classes: TestDrawText \(node 6, "Draw"\)\./m,
  )
  cli.child.kill('SIGTERM')
  assert.equal(await cli.exit, [0, null])

  const other = run('--port=0', '--json', '--workflows', module)
  await until(other.out, (text) => text.includes('\n'))
  const headers = { 'X-API-KEY': 'fsk_local_demo_key' }
  const body = new URLSearchParams({ "it's": 'x' })
  const { url: base } = JSON.parse(other.out())
  const answer = await fetch(`${base}/api/v1/runs?workflow_id=sh0ut`, { method: 'POST', headers, body })
  assert.is(answer.status, 200)
  other.child.kill('SIGTERM')
  await other.exit
  rmSync(folder, { recursive: true })
})

test('--chaos: faults, each with a line of its own, the same for the same seed', async () => {
  const clis = ['7', '7', '8'].map((seed) => run('--port=0', '--chaos', seed))
  const lists = await Promise.all(
    clis.map(async (cli) => {
      await until(cli.out, (text) => text.includes('curl'))
      const url = /API +(\S+)/.exec(cli.out())![1]!
      for (let i = 0; i < 40; i++) {
        const control = new AbortController()
        const init = { headers: { 'X-API-KEY': 'fsk_local_demo_key' }, signal: control.signal }
        const answered = fetch(`${url}/api/v1/runs/${i}?x-api-key=another`, init).then((response) =>
          response.text(),
        )
        let isOver = false
        const over = answered
          .catch(() => {})
          .then(() => {
            isOver = true
          })
        // What meets a fault may hang; its line tells that it has met it.
        await until(() => isOver || cli.out().includes(`getRun /api/v1/runs/${i}?x-api-key=…\n`))
        control.abort()
        await over
      }
      cli.child.kill('SIGTERM')
      await cli.exit
      assert.match(cli.out(), /chaos +seed [78]: one request in ten meets a fault\n/)
      const lines = cli.out().match(/^fault .*$/gm) ?? []
      const { faults, ...rest } = JSON.parse(/^ledger (.*)$/m.exec(cli.out())![1]!)
      const played = Object.values<number>(faults).reduce((sum, count) => sum + count, 0)
      assert.is(played, lines.length)
      assert.equal(rest, { runs: 0, results: 0, keys: { header: 40, elsewhere: {} } })
      return lines
    }),
  )
  assert.ok(lists[0]!.length > 0)
  assert.match(lists[0]![0]!, /^fault [\w-]+: getRun \/api\/v1\/runs\/\d+\?x-api-key=…$/)
  assert.equal(lists[0], lists[1])
  assert.not.equal(lists[0], lists[2])
})

test('a port in use is one sentence; the files take the next free one', async () => {
  // A port that is held, above one that is free.
  let [blocker, below] = [createServer(), createServer()]
  const [port] = await until(
    async () => {
      // Below those that the system gives away: nobody else takes it in the meantime.
      blocker = await listening(20_000 + Math.floor(Math.random() * 10_000))
      if (!blocker.listening) return [0, false] as const
      const { port } = blocker.address() as AddressInfo
      below = await listening(port - 1)
      if (!below.listening) blocker.close()
      return [port, below.listening] as const
    },
    ([, free]) => free,
  )
  await new Promise((resolve) => below.close(resolve))
  const taken = run('--port', String(port))
  assert.equal(await taken.exit, [1, null])
  assert.is(
    taken.err(),
    `flowscale-emulator: Port ${port} on 127.0.0.1 is already in use. Choose another port with --port.\n`,
  )
  assert.is(taken.out(), '')

  const cli = run('--json', '--port', String(port - 1))
  await until(cli.out, (text) => text.includes('\n'))
  const { url, filesUrl } = JSON.parse(cli.out())
  assert.is(url, `http://127.0.0.1:${port - 1}`)
  assert.ok(Number(new URL(filesUrl).port) > port, filesUrl)
  cli.child.kill('SIGTERM')
  assert.equal(await cli.exit, [0, null])
  await new Promise((resolve) => blocker.close(resolve))
})

test('--help and --version', async () => {
  const [help, version] = [run('--help'), run('--version')]
  assert.equal(
    [await help.exit, await version.exit],
    [
      [0, null],
      [0, null],
    ],
  )
  for (const flag of [
    'port',
    'host',
    'api-key',
    'containers',
    'speed',
    'dialect',
    'chaos',
    'workflows',
    'json',
    'help',
    'version',
  ]) {
    assert.match(help.out(), `--${flag}`)
  }
  const file = readFileSync(new URL('../../../packages/emulator/package.json', import.meta.url), 'utf8')
  assert.is(version.out(), `${JSON.parse(file).version}\n`)
  assert.is(help.err() + version.err(), '')
})

test('an error in the command line is one sentence and exit code 2, any other failure exit code 1', async () => {
  const cases: [exitCode: number, flags: string[]][] = [
    [2, ['--prot', '1']],
    [2, ['--port']],
    [2, ['--port', '70000']],
    [2, ['--port', 'x']],
    [2, ['--containers', '0']],
    [2, ['--speed', 'fast']],
    [2, ['--speed', '0']],
    [2, ['--chaos', 'x']],
    [2, ['--dialect', 'x']],
    [2, ['--api-key', `${CANARY} b`]],
    [2, ['--api-keey', CANARY]],
    [2, [`--api-keey=${CANARY}`]],
    [2, [`--api-key ${CANARY}`]],
    [2, ['--host', '']],
    [2, ['serve']],
    [1, ['--workflows', 'none']],
  ]
  const all = cases.map(([, flags]) => run(...flags))
  for (const [index, [exitCode, flags]] of cases.entries()) {
    const cli = all[index]!
    assert.equal(await cli.exit, [exitCode, null], flags.join(' '))
    assert.match(cli.err(), /^flowscale-emulator: .+\n$/)
    said(cli.err())
    assertNoCanary(cli.err())
    assert.is(cli.out(), '')
  }
})
