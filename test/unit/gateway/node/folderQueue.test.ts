// The queue in a folder: what any queue does, and what an earlier version left in the folder.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { assert, rejects, throws } from '#test'
import { EngineError } from '../../../../packages/gateway/src/engine.ts'
import { openFolder } from '../../../../packages/gateway/src/node/dataFolder.ts'
import { folderQueue, folderQueueOf } from '../../../../packages/gateway/src/node/folderQueue.ts'
import { levelStore } from '../../../../packages/gateway/src/node/levelStore.ts'
import { takeOver } from '../../../../packages/gateway/src/node/takeOver.ts'
import { ofQueue, type RunQueue } from '../../../../packages/gateway/src/queue/runQueue.ts'
import { rejection } from '../../../support/fakes.ts'
import { makeMemory, memoryStore } from '../queue/memoryStore.ts'
import { playRandomly } from '../queue/randomSuite.ts'
import { addAll, endOf, GPU, makeJob, order, query, stateOf, suiteOfQueue, take } from '../queue/suite.ts'

const base = mkdtempSync(join(tmpdir(), 'folder-queue-'))
let count = 0
const newFolder = (): string => join(base, String(++count), 'queue')

const test = suiteOfQueue('a queue in a folder', () => {
  const folder = newFolder()
  return { make: () => ofQueue(folderQueue({ folder })), remove: () => rmSync(folder, { recursive: true }) }
})

let folder = ''
const path = (name: string): string => join(folder, name)
const open: RunQueue[] = []
async function openQueue(single?: string): Promise<RunQueue> {
  const queue = ofQueue(folderQueueOf({ folder }, single))
  await queue.open(() => {})
  open.push(queue)
  return queue
}
test.before.each(() => {
  folder = newFolder()
})
test.after.each(async () => {
  for (const queue of open.splice(0)) await queue.close()
})
test.after(() => rmSync(base, { recursive: true, force: true }))

test('whatever happens, it answers as in memory', async () => {
  for (const seed of [11, 12]) await playRandomly(levelStore(newFolder()), seed, 150)
})

test('a wrong option is a TypeError', () => {
  const wrong: unknown[] = [undefined, 'folder', {}, { folder: '' }, { folder: 5 }]
  const more = [{ keepDays: 0 }, { keepDays: 1.5 }, { files: {} }, { keep: 1 }].map((one) => ({
    folder: 'x',
    ...one,
  }))
  for (const options of [...wrong, ...more]) throws(() => folderQueue(options as never), TypeError)
})

const lines = (values: readonly unknown[]): string =>
  `${values.map((one) => JSON.stringify(one)).join('\n')}\n`
const write = (name: string, text: string): void => {
  mkdirSync(dirname(path(name)), { recursive: true })
  writeFileSync(path(name), text)
}

test('the queue of an earlier version is taken over once, as it was', async () => {
  const [sent, waits, cancelled, back, ended, other] = Array.from({ length: 6 }, () =>
    makeJob({ groupId: 'g' }),
  )
  const end = endOf(ended!, { startedAt: 5 })
  const old = lines([
    ['number', 7],
    ['server', 'http://a', 'comfyui-1'],
    ['plan', 'plan', { a: 'plan' }],
    ['needs', 'gpu', { a: 'gpu' }],
    ...[sent, waits, cancelled, back, ended, other].map((job, at) => ['add', at + 1, job]),
    ['send', sent!.id, 'comfyui-1', 1_234, 'one'],
    ['cancel', cancelled!.id],
    ['send', back!.id, 'comfyui-1', 99, 'one'],
    ['back', back!.id, 99],
  ])
  // The last line was cut off by a crash.
  write('queue.jsonl', `${old}["cancel","${waits!.id}`)
  write('ended-2026-11-30.jsonl', lines([end]))
  const names = () => readdirSync(folder).filter((name) => name.includes('jsonl'))
  const full = memoryStore(makeMemory(), ({ records }) => {
    if ([...records.keys()].some((key) => key.startsWith('run/'))) throw new EngineError(503, 'full')
  })
  await rejects(takeOver(full, folder), EngineError, { status: 503 })
  assert.equal(names(), ['ended-2026-11-30.jsonl', 'queue.jsonl'])
  for (const start of [6, 7]) {
    const queue = await openQueue()
    const states = await Promise.all(
      [sent, waits, cancelled, back, ended, other].map((job) => stateOf(queue, job!)),
    )
    assert.equal(states, ['comfyui-1 sent', 'waits', 'waits cancelled', 'waits', 'completed', 'waits'])
    assert.equal(await queue.get(ended!.id), end)
    assert.equal(
      (await order(queue)).map(({ id }) => id),
      [sent, waits, cancelled, back, other].map((job) => job!.id),
    )
    assert.equal([await queue.nameOf('http://b'), await queue.nameOf('http://a')], ['comfyui-2', 'comfyui-1'])
    assert.equal([await queue.planOf(waits!), await queue.needsOf('gpu')], [{ a: 'plan' }, { a: 'gpu' }])
    assert.is((await queue.list(query({ groupId: 'g' }))).total, start)
    // The mark is that of the first send, and is nobody else's.
    assert.equal(
      [await queue.send(sent!.id, 'comfyui-1', 'one'), await queue.send(sent!.id, 'comfyui-1', 'two')],
      [1_234, undefined],
    )
    // They have their turns, beside new ones.
    assert.is((await take(queue, GPU, 's'))?.job.id, waits!.id)
    await queue.giveBack(waits!.id, 's', undefined)
    const [added] = await addAll(queue, 1, { groupId: 'g' })
    assert.is((await order(queue)).at(-1)!.id, added!.id)
    assert.is((await queue.end(endOf(added!))).status, 'completed')
    await open.pop()!.close()
    assert.equal(names(), ['ended-2026-11-30.jsonl.old', 'queue.jsonl.old'])
  }
  // The earlier version was used again. Servers that came meanwhile keep their names.
  write('queue.jsonl', lines([['server', 'http://c', 'comfyui-7']]))
  const queue = await openQueue()
  assert.equal([await queue.nameOf('http://c'), await queue.nameOf('http://b')], ['comfyui-7', 'comfyui-2'])
})

test('an earlier version that still runs keeps its folder', async () => {
  const dead = 2 ** 30
  const lock = (pid: number, host: string) => write('lock', JSON.stringify({ pid, host }))
  write('queue.jsonl', '')
  for (const [pid, host] of [
    [process.ppid, hostname()],
    // Nobody knows here whether it is dead.
    [dead, 'another'],
  ] as const) {
    lock(pid, host)
    const error = await rejection(openQueue())
    assert.match(error.message, String(pid))
    assert.ok(existsSync(path('queue.jsonl')))
  }
  // One that was killed does not.
  utimesSync(path('lock'), 0, 0)
  await openQueue()
  await open.pop()!.close()
  write('queue.jsonl', '')
  lock(dead, hostname())
  await openQueue()
})

test('records of one ComfyUI are taken over; a run that has not ended is never sent again', async () => {
  const single = join(folder, '../runs')
  const [ended, sent, gone] = [makeJob(), { ...makeJob(), owner: 'shop' }, makeJob()]
  const facts = { outputs: [{ name: 'image', node: '9' }], titles: {}, nodes: 1, shown: [] }
  const files = [{ name: 'image.png', at: { filename: 'a.png', subfolder: '', type: 'output' } }]
  const end = { ...endOf(ended, { completedAt: Date.now() }), error: null, files }
  const storage = await openFolder(single)
  const records = {
    ...Object.fromEntries([ended, sent, gone].map((run) => [`runs:${run.id}`, { ...run, ...facts }])),
    [`ended:${ended.id}`]: end,
    [`ended:${gone.id}`]: endOf(gone, { status: 'refused' }),
    [`cancelled:${sent.id}`]: {},
  }
  for (const [key, value] of Object.entries(records))
    await storage.setItem(`flowscale:${key}.json`, JSON.stringify(value))
  // Of an earlier time.
  await (await openFolder(`${single}.old`)).setItem('a', 'b')
  for (const _ of ['the first start', 'the second']) {
    const queue = await openQueue(single)
    assert.equal(
      [await stateOf(queue, ended), await stateOf(queue, sent), await stateOf(queue, gone)],
      ['completed', 'comfyui-1 sent cancelled', 'none'],
    )
    assert.equal(await queue.get(ended.id), { ...end, isOnServer: true })
    assert.equal(await queue.send(sent.id, 'comfyui-1', 'a session'), undefined)
    assert.equal((await queue.planOf(sent as never)) && (await queue.waiting()).heads, [])
    assert.is((await queue.list(query())).total, 2)
    assert.is((await queue.list({ ...query(), owner: 'shop' })).total, 1)
    await open.pop()!.close()
    assert.equal(existsSync(single), false)
  }
})
