// What is kept of a ComfyUI's runs: any number of gateways agree, lists are quick, and nothing is undone.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { assert, rejects, said } from '#test'
import { createComfyClient } from '../../../../packages/gateway/src/comfyui/api/client.ts'
import { createUserdata } from '../../../../packages/gateway/src/comfyui/api/userdata.ts'
import { EngineError, type Observer, type Run } from '../../../../packages/gateway/src/engine.ts'
import { createRecords } from '../../../../packages/gateway/src/records/createRecords.ts'
import { createStored } from '../../../../packages/gateway/src/records/recordStore.ts'
import { isOver, isRunning, PAGE, refused, suiteOnComfy } from '../comfyui/kit.ts'
import { createStorage, endedOf, seedRecords } from './kit.ts'

let test = suiteOnComfy('records of the runs of a ComfyUI')

const ids = (runs: readonly Run[]): string[] => runs.map(({ id }) => id)

test('two gateways agree', async ({ engine, another, submit, until }) => {
  const other = another()
  const a = await submit('slow', { seconds: 0.3 }, { groupId: 'ä/../b', by: engine })
  const b = await submit('failing', { seconds: 0.1 }, { groupId: 'ä/../b', by: other })
  const c = await submit('text', {}, { by: other })
  await Promise.all([a, b, c].flatMap(({ id }) => [until(id, isOver), until(id, isOver, other)]))
  for (const { id } of [a, b, c]) assert.equal(await engine.getRun(id), await other.getRun(id))
  for (const by of [engine, other, another()]) {
    assert.equal(ids((await by.getRuns(PAGE)).runs), ids([c, b, a]))
    const group = { ...PAGE, groupId: 'ä/../b' }
    assert.equal(ids((await by.getRuns({ ...group, sortOrder: 'asc' })).runs), ids([a, b]))
    const second = await by.getRuns({ ...group, offset: 1, limit: 1, sortBy: 'completed_at' })
    assert.equal([ids(second.runs), second.total], [ids([a]), 2])
    assert.is((await by.getRuns({ ...PAGE, groupId: 'none' })).total, 0)
  }
})

test('an operator hears of each end once, of a storage that fails, and of a server that is away', async ({
  comfy,
  another,
  submit,
  until,
}) => {
  const heard: string[] = []
  let failures = 0
  const observer: Observer = {
    ended: ({ id, end, server, ranMs }) => void heard.push(`${id} ${end} ${server} ${ranMs! >= 0}`),
    modelLoaded() {},
    idle() {},
    storeFailed: () => failures++,
  }
  const [one, two] = [another({ observer }), another({ observer })]
  const a = await submit('text', {}, { by: one })
  const b = await submit('failing', { seconds: 0.1 }, { by: two })
  await Promise.all([a, b].flatMap(({ id }) => [until(id, isOver, one), until(id, isOver, two)]))
  const expected = [`${a.id} completed ComfyUI true`, `${b.id} failed ComfyUI true`]
  assert.equal(heard.sort(), expected.sort())
  await one.probe!()
  await two.probe!()
  const getItem = () => Promise.reject(new Error('away'))
  const stored = another({ observer, storage: { ...createStorage(), getItem } })
  await refused(stored.probe!())
  assert.is(failures, 1)
  await comfy.kill()
  await refused(one.probe!())
})

test('the first end that is seen counts, for every gateway', async (setup) => {
  const { comfy, engine, another, submit, until } = setup
  const { id } = await submit('slow', { seconds: 60 })
  await until(id, isRunning)
  const others = [another(), another(), another()]
  await comfy.kill()
  await comfy.start()
  // The ones that did not see it in the queue wait for a gateway that may be sending it.
  assert.is((await others[0]!.getRun(id))!.status, 'queued')
  const told = await until(id, isOver)
  for (const by of others) assert.equal(await by.getRun(id), told)
  assert.equal(await engine.getRun(id), told)
})

test('of two gateways that see an end at once, the first one is believed', async ({ comfy }) => {
  const userdata = createUserdata(createComfyClient(comfy.url, undefined), () => {})
  for (const place of [createStored(createStorage()), userdata]) {
    const [one, two] = [createRecords(place, () => {}), createRecords(place, () => {})]
    const ended = endedOf(crypto.randomUUID(), 1)
    const lost = { ...ended, status: 'failed' as const, error: 'lost' }
    assert.is((await one.addEnd(ended)).status, 'completed')
    assert.is((await two.addEnd(lost)).status, 'completed')
    assert.is((await two.getEnd(ended.run.id))!.status, 'completed')
    assert.is((await one.addEnd(lost)).status, 'completed')
  }
})

function parse(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? 'null')
  } catch {
    return text
  }
}

test('records may be in a storage', async ({ comfy, another, submit, until }) => {
  const storage = createStorage()
  const by = another({ storage })
  const { id } = await submit('slow', { seconds: 0.1 }, { by, groupId: 'g' })
  await until(id, isOver, by)
  assert.ok([...storage.items.keys()].every((key) => key.startsWith('flowscale:')))
  await by.workflows()
  // As unstorage reads: what looks like JSON is JSON.
  const parsing = { ...storage, getItem: async (key: string) => parse(storage.items.get(key)) }
  await another({ storage: parsing }).workflows()
  const next = another({ storage })
  assert.equal(ids((await next.getRuns({ ...PAGE, groupId: 'g' })).runs), [id])
  assert.is((await next.getRun(id))!.status, 'completed')
  assert.not.ok(comfy.requests.some(({ path }) => path.startsWith('/userdata')))
  const parsed = another({
    storage: { ...storage, getItem: async (key) => JSON.parse(storage.items.get(key) ?? 'null') },
  })
  assert.is((await parsed.getRun(id))!.status, 'completed')
  const broken = another({ storage: { ...storage, getItem: () => Promise.reject(new Error('secret')) } })
  await rejects(broken.getRun(id), EngineError, { status: 503, retryAfterS: 5 })
})

test('where a server refuses records, that is said, and runs are known all the same', async (setup) => {
  const { comfy, another, submit, until, lines } = setup
  comfy.faults.push({ on: 'POST /userdata', do: 'status', status: 403 })
  comfy.faults.push({ on: 'GET /userdata', do: 'status', status: 403 })
  const by = another()
  await by.report!()
  assert.is(lines.filter((line) => /^warn .*records/.test(line)).length, 1)
  const { id } = await submit('slow', { seconds: 0.2 }, { by, groupId: 'g' })
  const later = another()
  const run = await until(id, isOver, later)
  assert.equal([run.status, run.groupId], ['completed', 'g'])
  assert.equal(run, await by.getRun(id))
  assert.is(await later.getRun(crypto.randomUUID()), undefined)
  assert.equal(await later.getRuns(PAGE), { runs: [], total: 0 })
})

test('one record that is not taken is no lost end, and no run without a record', async (setup) => {
  const { comfy, engine, another, submit, until } = setup
  await engine.workflows()
  const { id } = await submit('slow', { seconds: 0 })
  comfy.faults.push({ on: 'POST /userdata/flowscale%2Fended', do: 'status', status: 500 })
  assert.is((await until(id, isOver)).status, 'completed')
  comfy.faults.length = 0
  assert.is((await engine.getRun(id))?.status, 'completed')
  await comfy.kill()
  await comfy.start()
  const later = another()
  assert.is((await later.getRun(id))?.status, 'completed')
  comfy.faults.push({ on: 'POST /userdata/flowscale%2Fruns', do: 'status', status: 500 })
  const before = comfy.requests.filter(({ path }) => path === '/prompt').length
  await refused(submit('slow'), 429)
  assert.is(comfy.requests.filter(({ path }) => path === '/prompt').length, before)
})

test('records that a full disk left empty count as none, and are written again', async (setup) => {
  const { comfy, another, submit, until } = setup
  let isFull = false
  const full: typeof fetch = async (url, init) => {
    const { pathname } = new URL(String(url))
    if (!isFull || init?.method !== 'POST' || !pathname.startsWith('/userdata/')) return fetch(url, init)
    // As real ones do up to 0.8.0.
    const path = join(comfy.folder, 'user/default', decodeURIComponent(pathname.slice('/userdata/'.length)))
    if (existsSync(path)) return new Response(null, { status: 409 })
    mkdirSync(join(path, '..'), { recursive: true })
    writeFileSync(path, '')
    return new Response(null, { status: 400 })
  }
  const by = another({}, { fetch: full })
  await by.workflows()
  const { id } = await submit('slow', { seconds: 0.5 }, { by, groupId: 'g' })
  isFull = true
  assert.is((await until(id, isOver, by)).status, 'completed')
  assert.is(readFileSync(join(comfy.folder, `user/default/flowscale/ended/${id}.json`), 'utf8'), '')
  assert.is((await another().getRun(id))!.status, 'completed')
  await refused(submit('slow', {}, { by, groupId: 'g' }), 429)
  assert.is(Object.keys(comfy.executed.runs).length, 1)
  isFull = false
  for (const one of [by, another()]) {
    assert.equal(ids((await one.getRuns({ ...PAGE, groupId: 'g' })).runs), [id])
  }
  await comfy.kill()
  await comfy.start()
  assert.is((await another().getRun(id))!.status, 'completed')
})

test = suiteOnComfy('records of the runs of a ComfyUI 0.8.0', ['0.8.0'])

test('a gateway that is restarted knows its runs, and sees their ends', async (setup) => {
  const { engine, another, submit, until } = setup
  const { id } = await submit('slow', { seconds: 0.3 }, { groupId: 'g' })
  engine.close()
  const next = another()
  const run = await until(id, isOver, next)
  assert.equal([run.status, run.groupId, run.workflowId], ['completed', 'g', 'slow'])
  assert.equal(ids((await next.getRuns({ ...PAGE, groupId: 'g' })).runs), [id])
})

test('on Node a gateway sees the end of its runs unasked', async ({ comfy, another, submit }) => {
  const { id } = await submit('slow', { seconds: 0.1 })
  const path = join(comfy.folder, 'user/default/flowscale/ended')
  for (;;) {
    if (readdirSync(join(path, '..')).includes('ended') && readdirSync(path).includes(`${id}.json`)) break
    await wait(50)
  }
  await comfy.kill()
  await comfy.start()
  assert.is((await another().getRun(id))!.status, 'completed')
})

test('what is told of a server that is away', async ({ comfy, engine }) => {
  await comfy.kill()
  const { servers, workflows } = await engine.report!()
  assert.is(servers[0]!.answers, false)
  said(workflows.find(({ id }) => id === 'slow')!.problem!)
})

test('a page of 100 from 10,000 runs', async ({ comfy, another }) => {
  const all = Array.from({ length: 10_000 }, (_, index) => endedOf(crypto.randomUUID(), 1.7e12 + index))
  seedRecords(comfy.folder, all)
  const latest = all
    .slice(-100)
    .reverse()
    .map(({ run }) => run.id)
  const by = another()
  for (const [times, most] of [
    ['first', 120],
    ['second', 1],
  ] as const) {
    const start = performance.now()
    const before = comfy.requests.length
    const { runs, total } = await by.getRuns(PAGE)
    const ms = (performance.now() - start).toFixed(0)
    const requests = comfy.requests.length - before
    console.log(`[show] a page of 100 from 10,000 runs, ${times} time: ${ms} ms, ${requests} requests`)
    assert.is(total, 10_000)
    assert.equal(ids(runs), latest)
    assert.is(requests, most)
  }
})
