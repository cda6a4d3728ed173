// The Node examples as they are, each in an empty folder, against an emulator; and the worker's handlers.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { decode, encode } from 'fast-png'
import { assert } from '#test'
import { listen } from '../support/listen.ts'
import { type Servers, suiteWithServers } from '../support/suiteWithServers.ts'
import { cancel, occupy, pod, run } from './kit.ts'

const test = suiteWithServers('examples')

let folder: string
test.before.each(() => {
  folder = mkdtempSync(join(tmpdir(), 'flowscale-examples-'))
})
test.after.each(() => rmSync(folder, { recursive: true }))

const pngs = (path = folder) => readdirSync(path).filter((name) => name.endsWith('.png'))
const picture = (path: string) => decode(readFileSync(path))

async function open(atEnd: Servers['atEnd'], options?: Parameters<typeof pod>[0]) {
  const local = await pod(options)
  atEnd(local.close)
  return local
}

/** A picture as people have them. */
function photo(): string {
  const data = new Uint8Array(32 * 24 * 3).map((_, index) => (index * 7) % 251)
  const file = join(folder, 'photo.jpg')
  writeFileSync(file, encode({ width: 32, height: 24, channels: 3, data }))
  return file
}

async function nowhere(): Promise<string> {
  const { url, close } = await listen(() => {})
  await close()
  return url
}

test('node-script: a text and a picture', async ({ atEnd }) => {
  const local = await open(atEnd)
  const painted = await run('node-script.mjs', ['desert dawn'], folder, local.env).ended
  assert.is(painted.code, 0, painted.stderr)
  assert.match(painted.stdout, /^bncu0a1kipv {2}Text to Image$/m)
  const [name] = pngs()
  const [runId] = await local.runs()
  assert.match(painted.stdout, `Submitted ${runId}\n`)
  assert.match(painted.stdout, /^The run is completed$/m)
  assert.ok(painted.stdout.endsWith(`Saved ${name}\n`), painted.stdout)
  const { width, height, data } = picture(join(folder, name!))
  assert.equal([width, height], [768, 512])
  assert.ok(new Set(data).size > 100, 'many tones')

  const file = photo()
  const transformed = await run('node-script.mjs', ['in oil', file], folder, local.env).ended
  assert.is(transformed.code, 0, transformed.stderr)
  const other = pngs().find((png) => png !== name)!
  assert.is(picture(join(folder, other)).width / picture(join(folder, other)).height, 32 / 24)
  assert.is(local.emulator.stats.runsStarted, 2)
})

test('node-script: each bad end is one clear line', async ({ atEnd }) => {
  const local = await open(atEnd)
  const broken = join(folder, 'broken.png')
  writeFileSync(broken, 'no picture')
  const wrong = { ...local.env, FLOWSCALE_API_KEY: 'not-the-key' }
  const closed = { ...local.env, FLOWSCALE_API_URL: await nowhere() }
  const ends: [args: string[], env: Record<string, string>, line: RegExp][] = [
    [[], wrong, /^The key was refused: check FLOWSCALE_API_KEY\n$/],
    [[], closed, /^No answer from http:\S+ \(.*ECONNREFUSED\)\. Start a local one: npx .*\n$/],
    [[], { ...local.env, FLOWSCALE_API_URL: 'my-pod' }, /^baseUrl must be an http.*\n$/],
    [['x', broken], local.env, /^The run failed: broken\.png is not a PNG or JPEG image\n$/],
    [['x', 'no-such.png'], local.env, /^path: no-such\.png does not exist\n$/],
  ]
  for (const [args, env, line] of ends) {
    const { code, stderr, stdout } = await run('node-script.mjs', args, folder, env).ended
    assert.is(code, 1, stdout)
    assert.match(stderr, line)
    assert.not.match(stderr + stdout, /not-the-key|fsk_example/)
  }
  assert.equal(pngs(), ['broken.png'])
})

test('node-script: Ctrl+C cancels the run', async ({ atEnd }) => {
  const local = await open(atEnd, { containers: 1 })
  await occupy(local.emulator)
  const script = run('node-script.mjs', ['x'], folder, local.env)
  await script.printed(/The run is queued/)
  script.child.kill('SIGINT')
  const { code, stderr } = await script.ended
  const [, runId] = await local.runs()
  assert.is(local.emulator.stateOf(runId!)?.status, 'cancelled')
  assert.is(stderr, `Interrupted; run ${runId} is cancelled\n`)
  assert.is(code, 130)
  assert.equal(pngs(), [])
})

test('node-batch: a file for each prompt, no more runs at a time than it says', async ({ atEnd }) => {
  const local = await open(atEnd, { containers: 9 })
  const going = new Set<string>()
  let most = 0
  local.emulator.watch(({ run_id, status }) => {
    if (status === 'running') going.add(run_id)
    else going.delete(run_id)
    most = Math.max(most, going.size)
  })
  const { code, stdout, stderr } = await run('node-batch.mjs', [], folder, local.env).ended
  assert.is(code, 0, stderr)
  assert.match(stdout, /^4 of 4 done/m)
  assert.is(most, 2)
  const out = join(folder, 'batch-output')
  assert.is(pngs(out).length, 4)
  for (const name of pngs(out)) assert.is(picture(join(out, name)).width, 768)
  const state: [string, any][] = JSON.parse(readFileSync(join(out, 'batch.json'), 'utf8'))
  assert.equal(state.map(([, job]) => job.runId).sort(), (await local.runs()).sort())
  for (const [prompt, { files }] of state) assert.ok(pngs(out).includes(basename(files[0])), prompt)
  // Once all is done, another start has nothing to do.
  const before = local.emulator.stats.requests
  const again = await run('node-batch.mjs', [], folder, local.env).ended
  assert.is(again.code, 0)
  assert.is(local.emulator.stats.requests, before)
  assert.is(local.emulator.stats.runsStarted, 4)
})

test('node-batch: killed half way and started again, no run is paid twice', async ({ atEnd }) => {
  const local = await open(atEnd, { containers: 1 })
  const out = join(folder, 'batch-output')
  // Two are submitted, neither is done.
  const release = await occupy(local.emulator)
  const first = run('node-batch.mjs', ['one', 'two', 'three'], folder, local.env)
  await first.printed(/Submitted [\s\S]*Submitted /)
  first.child.kill('SIGKILL')
  await first.ended
  assert.equal(pngs(out), [])
  const saved = JSON.parse(readFileSync(join(out, 'batch.json'), 'utf8')).map(([, job]: any) => job.runId)
  await release()

  const { code, stdout, stderr } = await run('node-batch.mjs', ['one', 'two', 'three'], folder, local.env)
    .ended
  assert.is(code, 0, stderr)
  assert.is(stdout.match(/^Submitted /gm)?.length, 1)
  assert.is(local.emulator.stats.runsStarted, 1 + 3)
  assert.is(local.timesAsked(), 0, 'the ids were known')
  assert.is(pngs(out).length, 3)
  for (const runId of saved) assert.ok(pngs(out).some((name) => name.startsWith(runId)))
})

test('node-batch: killed between the submission and its answer, the run is found', async ({
  atEnd,
  listen,
}) => {
  const local = await open(atEnd)
  // Passes the submission on, but its answer never arrives.
  const swallow = await listen(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const answer = await fetch(`${local.url}${request.url}`, {
      method: request.method!,
      headers: {
        'x-api-key': local.emulator.apiKey,
        ...(request.headers['content-type'] && { 'content-type': request.headers['content-type'] }),
      },
      ...(request.method === 'POST' && { body: Buffer.concat(chunks) }),
    })
    await answer.arrayBuffer()
    if (request.method === 'POST') batch.child.kill('SIGKILL')
    else response.end()
  })
  const batch = run('node-batch.mjs', ['one'], folder, { ...local.env, FLOWSCALE_API_URL: swallow.url })
  await batch.ended
  assert.is(local.emulator.stats.runsStarted, 1)
  const { code, stdout, stderr } = await run('node-batch.mjs', ['one'], folder, local.env).ended
  assert.is(code, 0, stderr)
  assert.not.match(stdout, 'Submitted')
  assert.is(local.emulator.stats.runsStarted, 1)
  assert.is(pngs(join(folder, 'batch-output')).length, 1)
})

test('node-batch: a failure loses no other, and is submitted anew by the next start', async ({ atEnd }) => {
  const local = await open(atEnd, { containers: 1 })
  const { emulator, env } = local
  const release = await occupy(emulator)
  const first = run('node-batch.mjs', ['bad', 'good', 'better'], folder, env)
  await first.printed(/Submitted [\s\S]*Submitted /)
  const state = JSON.parse(readFileSync(join(folder, 'batch-output/batch.json'), 'utf8'))
  const { runId } = new Map<string, any>(state).get('bad')
  await cancel(emulator, runId)
  await release()
  const { code, stdout, stderr } = await first.ended
  assert.is(code, 1)
  assert.match(stdout, /^2 of 3 done/m)
  assert.match(stderr, /^Failed: Run \S+ was cancelled {2}bad\n$/)

  const second = await run('node-batch.mjs', ['bad', 'good', 'better'], folder, env).ended
  assert.is(second.code, 0, second.stderr)
  assert.is(second.stdout.match(/^Submitted /gm)?.length, 1)
  assert.is(emulator.stats.runsStarted, 1 + 4)
  assert.is(pngs(join(folder, 'batch-output')).length, 3)

  // Also where it is the last thing that happens.
  const isBusy = await occupy(emulator)
  const last = run('node-batch.mjs', ['last'], folder, env)
  await last.printed(/Submitted /)
  await cancel(emulator, (await local.runs()).at(-1)!)
  assert.is((await last.ended).code, 1)
  await isBusy()
  assert.match((await run('node-batch.mjs', ['last'], folder, env).ended).stdout, /^Submitted .*\n^Saved /m)

  const closed = { ...env, FLOWSCALE_API_URL: await nowhere() }
  const none = await run('node-batch.mjs', ['other'], folder, closed).ended
  assert.is(none.code, 1)
  assert.match(none.stderr, /^Failed: .* got no answer: ECONNREFUSED {2}other\n$/)
})

test('node-websocket-example: connects, subscribes, shows progress, waits by push, disconnects', async ({
  atEnd,
}) => {
  const local = await open(atEnd, { containers: 1, speed: 10 })
  const release = await occupy(local.emulator)
  const example = run('node-websocket-example.js', ['aurora'], folder, local.env)
  await example.printed(/^Connected$[\s\S]*^queued 0 %$/m)
  // Beside one that only polls: the socket spares most of the questions.
  const script = run('node-script.mjs', [], folder, local.env)
  await script.printed(/The run is queued/)
  const [, byPush, byPolling] = await local.runs()
  const before = local.timesAsked(byPush!)
  const start = performance.now()
  await local.askedTimes(byPolling!, 6)
  // Its pauses double: on a machine where six polls take long, there may be one more.
  const most = Math.max(3, Math.log2((performance.now() - start) / 1000 + 1) + 1)
  const asked = local.timesAsked(byPush!) - before
  assert.ok(asked <= most, `${asked} questions`)
  await release()
  const { code, stdout, stderr } = await example.ended
  assert.is(code, 0, stderr)
  await script.ended
  const [other, runId] = await local.runs()
  const lines = stdout.trim().split('\n')
  assert.ok(lines.includes(`Submitted ${runId}`))
  const progress = lines.map((line) => /^running (\d+) %$/.exec(line)?.[1]).filter((word) => word)
  assert.ok(progress.length > 2, stdout)
  assert.equal(
    progress,
    [...progress].sort((a, b) => Number(a) - Number(b)),
  )
  assert.ok(lines.includes('completed 100 %'))
  // The updates of other runs are not shown.
  assert.not.match(stdout, other!)
  assert.not.match(stdout, 'cancelled')
  const url = /^filename_\S+: (http\S+)$/m.exec(stdout)?.[1]
  assert.is(decode(new Uint8Array(await (await fetch(url!)).arrayBuffer())).width, 768)
  assert.is(lines.at(-1), 'Closed (1000)')
})

test('node-websocket-example: bad ends', async ({ atEnd }) => {
  const local = await open(atEnd)
  const wrong = { ...local.env, FLOWSCALE_API_KEY: 'not-the-key' }
  const refused = await run('node-websocket-example.js', [], folder, wrong).ended
  assert.is(refused.code, 1)
  assert.match(refused.stderr, /^WebSocket: .* 403$/m)
  assert.match(refused.stderr, /^POST http\S+ answered 403: Invalid API key$/m)
  const closed = { ...local.env, FLOWSCALE_API_URL: await nowhere() }
  const gone = await run('node-websocket-example.js', [], folder, closed).ended
  assert.is(gone.code, 1)
  assert.match(gone.stderr, /^POST http\S+ got no answer: ECONNREFUSED$/m)
  assert.not.match(refused.stderr + gone.stderr, /not-the-key|fsk_example|^\s+at /m)
})

test('own-engine: a gateway of a few lines', async () => {
  const { code, stdout, stderr } = await run('own-engine.mjs', [], folder, {}).ended
  assert.equal([code, stdout, stderr], [0, 'hello\n', ''])
})
