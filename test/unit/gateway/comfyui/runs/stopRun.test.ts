// A cancel stops the run that is meant, and no other.
import { setTimeout as wait } from 'node:timers/promises'
import { assert } from '#test'
import type { Run } from '../../../../../packages/gateway/src/engine.ts'
import { isOver, isRunning, PAGE, suiteOnComfy } from '../kit.ts'

let test = suiteOnComfy('cancelling runs of a ComfyUI')

test('a run that waits, one that runs, and one that is over', async (setup) => {
  const { comfy, engine, another, submit, until } = setup
  const running = await submit('slow', { seconds: 60 })
  const waiting = await submit('slow', { seconds: 60 })
  const next = await submit('slow', { seconds: 0.1 })
  await until(running.id, isRunning)

  const first = (await another().cancelRun(waiting.id))!
  assert.equal([first.run.status, first.hadEnded], ['cancelled', false])
  assert.is((await engine.getRun(running.id))!.status, 'running')

  const second = (await engine.cancelRun(running.id))!
  assert.equal([second.run.status, second.hadEnded], ['cancelled', false])
  assert.is((await until(next.id, isOver)).status, 'completed')

  const third = (await engine.cancelRun(next.id))!
  assert.equal([third.run.status, third.hadEnded], ['completed', true])
  const again = (await another().cancelRun(running.id))!
  assert.equal([again.run.status, again.hadEnded], ['cancelled', true])
  assert.is(await engine.cancelRun(crypto.randomUUID()), undefined)
  assert.equal(comfy.executed.runs, { [running.id]: 1, [next.id]: 1 })
})

test('a cancel is known before ComfyUI hears of it', async ({ comfy, another, submit, until }) => {
  const running = await submit('slow', { seconds: 60 })
  const { id } = await submit('slow', { seconds: 60 })
  await until(running.id, isRunning)
  await another().getRun(id)
  await another().cancelRun(id)
  const asked = comfy.requests.map(({ method, path }) => `${method} ${path}`)
  const record = asked.findIndex((line) => line.startsWith('POST /userdata/flowscale%2Fcancelled'))
  assert.ok(record >= 0 && record < asked.indexOf('POST /queue'), asked.join('\n'))
})

test('a node that heeds nothing is not waited for', async ({ engine, submit, until }) => {
  const { id } = await submit('deaf', { seconds: 6 })
  await until(id, isRunning)
  const { run, hadEnded } = (await engine.cancelRun(id))!
  assert.equal([run.status, hadEnded], ['running', false])
  assert.is((await until(id, isOver)).status, 'cancelled')
})

test('a run that was cancelled in ComfyUI itself', async ({ comfy, submit, until }) => {
  const { id } = await submit('slow', { seconds: 60 })
  await until(id, isRunning)
  await fetch(`${comfy.url}/interrupt`, { method: 'POST', body: '{}' })
  assert.is((await until(id, isOver)).status, 'cancelled')
})

test('a cancel that comes while the run is being sent is not lost', async (setup) => {
  const { comfy, engine, another, submit } = setup
  const late: typeof fetch = async (url, init) => {
    if (String(url).endsWith('/prompt')) await wait(700)
    return fetch(url, init)
  }
  const by = another({}, { fetch: late })
  const sent = submit('slow', { seconds: 20 }, { groupId: 'g', by })
  let listed: Run | undefined
  while (!listed) listed = (await engine.getRuns({ ...PAGE, groupId: 'g' })).runs[0]
  await engine.cancelRun(listed.id)
  await sent
  await setup.until(listed.id, ({ status }) => status === 'cancelled')
  assert.equal(await (await fetch(`${comfy.url}/queue`)).json(), { queue_running: [], queue_pending: [] })
})

test = suiteOnComfy('cancelling runs of an old ComfyUI', ['0.3.64'], { comfy: { globalInterrupt: true } })

for (const told of ['0.3.40', 'fork-7', '0.3.9']) {
  test(`an old server (${told}) is interrupted for the run that it runs alone`, async (setup) => {
    const { comfy, another, submit, until } = setup
    const old: typeof fetch = async (url, init) =>
      String(url).endsWith('/system_stats')
        ? Response.json({ system: { comfyui_version: told } })
        : fetch(url, init)
    const by = another({}, { fetch: old })
    const running = await submit('slow', { seconds: 1 }, { by })
    const waiting = await submit('slow', { seconds: 60 }, { by })
    await until(running.id, isRunning, by)
    assert.is((await by.cancelRun(waiting.id))!.run.status, 'cancelled')
    assert.not.ok(comfy.requests.some(({ path }) => path === '/interrupt'))
    assert.is((await until(running.id, isOver, by)).status, 'completed')
    const alone = await submit('slow', { seconds: 60 }, { by })
    await until(alone.id, isRunning, by)
    assert.is((await by.cancelRun(alone.id))!.run.status, 'cancelled')
  })
}

test('an old server is interrupted seldom: each interrupt may hit the next run', async (setup) => {
  const { comfy, another, submit, until } = setup
  const old: typeof fetch = async (url, init) =>
    String(url).endsWith('/system_stats') ? Response.json({ system: {} }) : fetch(url, init)
  const by = another({}, { fetch: old })
  const { id } = await submit('deaf', { seconds: 6 }, { by })
  await until(id, isRunning, by)
  await by.cancelRun(id)
  assert.ok(comfy.requests.filter(({ path }) => path === '/interrupt').length < 8)
})

const OLD_WAY = ['/queue', '/interrupt']
const wayOf = (requests: readonly { method: string; path: string }[]): string[] => [
  ...new Set(
    requests.flatMap(({ method, path }) => (method === 'POST' && OLD_WAY.includes(path) ? path : [])),
  ),
]

test = suiteOnComfy('cancelling runs by the route of a newer ComfyUI', ['0.8.0'], {
  comfy: { cancelRoute: true },
})

test('a run that waits, one that runs, one that heeds nothing, and one that is over', async (setup) => {
  const { comfy, engine, submit, until } = setup
  const running = await submit('slow', { seconds: 60 })
  const waiting = await submit('slow', { seconds: 60 })
  const deaf = await submit('deaf', { seconds: 6 })
  await until(running.id, isRunning)
  const cancel = async ({ id }: Run) => {
    const { run, hadEnded } = (await engine.cancelRun(id))!
    return [run.status, hadEnded]
  }
  assert.equal(await cancel(waiting), ['cancelled', false])
  assert.is((await engine.getRun(running.id))!.status, 'running')
  assert.equal(await cancel(running), ['cancelled', false])
  await until(deaf.id, isRunning)
  assert.equal(await cancel(running), ['cancelled', true])
  assert.equal(await cancel(deaf), ['running', false])
  assert.is((await until(deaf.id, isOver)).status, 'cancelled')
  assert.equal(wayOf(comfy.requests), [])
})

for (const fault of [
  { do: 'status', status: 404 },
  { do: 'status', status: 500 },
  { do: 'html' },
  { do: 'nonsense' },
] as const) {
  test(`an answer that is not the route's (${Object.values(fault).join(' ')}) leads to the older way`, async (setup) => {
    const { comfy, engine, submit, until } = setup
    comfy.faults.push({ on: 'POST /jobs/', ...fault })
    const { id } = await submit('slow', { seconds: 60 })
    await until(id, isRunning)
    assert.is((await engine.cancelRun(id))!.run.status, 'cancelled')
    assert.equal(wayOf(comfy.requests), OLD_WAY)
  })
}
