// The rules of the queue, on a store in memory.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { assert } from '#test'
import { EngineError } from '../../../../packages/gateway/src/engine.ts'
import { folderFiles } from '../../../../packages/gateway/src/files/folderFiles.ts'
import { createQueue } from '../../../../packages/gateway/src/queue/createQueue.ts'
import type { Claim } from '../../../../packages/gateway/src/queue/deliveries.ts'
import type { Entry, QueuedRun } from '../../../../packages/gateway/src/queue/runs.ts'
import { rejection } from '../../../support/fakes.ts'
import { type Memory, makeMemory, memoryStore } from './memoryStore.ts'
import { playRandomly } from './randomSuite.ts'
import { NO_FILES } from './simulate.ts'
import { addAll, endOf, GPU, makeJob, stateOf, suiteOfQueue, take } from './suite.ts'

const test = suiteOfQueue('the rules of the queue', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rules-'))
  const memory = makeMemory()
  const files = folderFiles(folder)
  return {
    make: () => createQueue({ store: memoryStore(memory), files, keepDays: 30 }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
})

test('a crash may undo who has a run that was not sent, and nothing else', async () => {
  let isLazy: boolean | undefined
  const store = memoryStore(makeMemory(), (batch) => (isLazy = batch.isLazy))
  const queue = createQueue({ store, files: NO_FILES, keepDays: 30 })
  await queue.open(() => {})
  const job = makeJob()
  const { id } = job
  const hook = { id, owner: undefined, url: 'https://a' }
  await queue.add(job, {}, {}, {}, undefined, hook.url)
  let mark: number | undefined
  let claim: Claim | undefined
  const steps: [what: string, () => Promise<unknown>, isLazy: boolean][] = [
    ['add', () => addAll(queue, 1), false],
    ['take', () => take(queue, GPU, 's'), true],
    ['move', () => queue.move(id, 's', 't'), true],
    ['give back', () => queue.giveBack(id, 't', undefined), true],
    ['take again', () => take(queue, GPU, 's'), true],
    ['send', async () => (mark = await queue.send(id, 's', 'one')), false],
    ['give back what was sent', () => queue.giveBack(id, 's', mark), false],
    ['cancel', () => queue.cancel(id), false],
    ['end', () => queue.end(endOf(job)), false],
    ['claim a webhook', async () => (claim = await queue.deliveries.claim(hook, Date.now())), true],
    ['settle it', () => queue.deliveries.settle(claim!, { next: Date.now() }), true],
    ['resend it', () => queue.deliveries.resend(id, Date.now()), false],
  ]
  for (const [what, step, expected] of steps) {
    isLazy = undefined
    await step()
    assert.is(isLazy, expected, what)
  }
  await queue.close()
})

test('whatever happens, marks follow from records, and places are those in the line', async () => {
  for (let seed = 1; seed <= 6; seed++) await playRandomly(memoryStore(), seed, 250)
})

type Harm = [what: string, (memory: Memory, job: QueuedRun) => void, state: string]
const damaged = (message: string) => ({
  version: 'damaged',
  get text(): string {
    throw new EngineError(500, message)
  },
})
const HARMS: readonly Harm[] = [
  // A loss of power may take what was not synced, also where something later was.
  ['lost mark', ({ marks }, { id }) => void marks.splice(marks.indexOf(`h/000000000001/${id}`), 1), 's'],
  ['lost record', ({ records }, { id }) => void records.delete(`run/${id}`), 'none'],
  ['damaged record', ({ records }, { id }) => void records.set(`run/${id}`, damaged(id)), 'damaged'],
]
for (const [what, harm, state] of HARMS) {
  test(`a run with a ${what} keeps no other from its turn`, async () => {
    const memory = makeMemory()
    const queue = createQueue({ store: memoryStore(memory), files: NO_FILES, keepDays: 30 })
    await queue.open(() => {})
    const [first, second] = await addAll(queue, 2)
    const waiting = memory.marks.filter((mark) => mark.includes(first!.id) && /^[wtc]/.test(mark))
    await take(queue, GPU, 's')
    memory.marks = [...memory.marks, ...waiting].sort()
    harm(memory, first!)
    assert.is((await queue.line(10)).count, 2)
    let taken: Entry | undefined
    for (let tries = 0; tries < 3; tries++) taken ??= await take(queue, GPU, 't')
    assert.is(taken?.job.id, second!.id)
    assert.is(await stateOf(queue, first!).catch(() => 'damaged'), state)
    assert.equal((await queue.waiting()).heads, [])
    assert.is((await queue.held()).length, state === 's' ? 2 : 1)
    await queue.close()
  })
}

test('a run waits on while something else is damaged', async () => {
  const memory = makeMemory()
  const queue = createQueue({ store: memoryStore(memory), files: NO_FILES, keepDays: 30 })
  await queue.open(() => {})
  await addAll(queue, 1)
  const { heads } = await queue.waiting()
  memory.records.set('turns', damaged('turns'))
  await rejection(queue.take(heads[0]!, heads, 's'))
  memory.records.delete('turns')
  assert.equal((await queue.waiting()).heads, heads)
  await queue.close()
})

test('the places of a page share what they have to read', async () => {
  let reads = 0
  const store = memoryStore()
  const heads: typeof store.heads = async (prefix) => {
    reads++
    return await store.heads(prefix)
  }
  const files = NO_FILES
  const queue = createQueue({ store: { ...store, heads }, files, keepDays: 30 })
  await queue.open(() => {})
  const jobs = await addAll(queue, 3)
  const entries = await Promise.all(jobs.map(({ id }) => queue.get(id)))
  for (const count of [1, 2]) {
    assert.equal(await Promise.all(entries.map((entry) => queue.ahead(entry as Entry))), [0, 1, 2])
    assert.is(reads, count)
  }
  await queue.close()
})

test('places that are asked for at one moment are those in the line, also far from each other', async () => {
  const queue = createQueue({ store: memoryStore(), files: NO_FILES, keepDays: 30 })
  await queue.open(() => {})
  for (let at = 0; at < 1_100; at++) await addAll(queue, 1, { groupId: `${at % 3}` })
  const { first } = await queue.line(1_100)
  const entries = await Promise.all(first.map(async ([, id]) => (await queue.get(id)) as Entry))
  assert.equal(
    await Promise.all(entries.map(queue.ahead)),
    entries.map((_, place) => place),
  )
  await queue.close()
})
