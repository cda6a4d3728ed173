// The marks of runs by which lists are quick.
import { setTimeout as wait } from 'node:timers/promises'
import { assert, suite } from '#test'
import { createPrune, createRecords } from '../../../../packages/gateway/src/records/createRecords.ts'
import { createStored, recordPaths } from '../../../../packages/gateway/src/records/recordStore.ts'
import { createRunIndex, endMark, readMarks } from '../../../../packages/gateway/src/records/runIndex.ts'
import { createStorage, endedOf } from './kit.ts'

const test = suite('marks of runs')

test('marks of ended runs are packed, and lists stay as they are', async () => {
  const storage = createStorage()
  const place = createStored(storage)
  const marks = createRunIndex(place)
  const all = Array.from({ length: 1200 }, (_, index) => endedOf(crypto.randomUUID(), 1.7e12 + index, 'g'))
  for (const ended of all) {
    await marks.start(ended.run)
    await marks.end(ended)
  }
  const open = endedOf(crypto.randomUUID(), 1.8e12, 'g').run
  await marks.start(open)
  const names = (): string[] => [...storage.items.keys()].filter((key) => key.includes(':groups:'))
  while (names().length > 450) await wait(10)
  const listed = await createRunIndex(place).list({ groupId: 'g' })
  assert.is(listed.length, 1201)
  assert.equal(new Set(listed.map(({ id }) => id)), new Set([...all.map(({ run }) => run.id), open.id]))
  assert.ok(names().some((key) => key.includes('pack_')))
})

test('no mark is removed where a pack is not kept', async () => {
  const storage = createStorage()
  const { setItem } = storage
  storage.setItem = async (key, value) => void (key.includes('pack_') || (await setItem(key, value)))
  const place = createStored(storage)
  const marks = createRunIndex(place)
  for (let index = 0; index < 500; index++) await marks.end(endedOf(crypto.randomUUID(), 1.7e12 + index))
  await wait(100)
  assert.is((await marks.list({ groupId: null })).length, 500)
})

test('nobody waits for a list to know of an end', async () => {
  const storage = createStorage()
  const { setItem } = storage
  storage.setItem = (key, value) => (key.includes('groups') ? new Promise(() => {}) : setItem(key, value))
  const ended = endedOf(crypto.randomUUID(), 1)
  assert.equal(await createRecords(createStored(storage), () => {}).addEnd(ended), ended)
})

test('a refused run is in no list, also before the lists know of its end', async () => {
  const storage = createStorage()
  const { setItem } = storage
  const isMark = (key: string): boolean => key.includes('_refused')
  storage.setItem = async (key, value) => (isMark(key) ? new Promise(() => {}) : setItem(key, value))
  const records = createRecords(createStored(storage), () => {})
  const [one, other] = [endedOf(crypto.randomUUID(), 1), endedOf(crypto.randomUUID(), 2)]
  for (const { run } of [one, other]) await records.addRun(run)
  await records.addEnd({ ...one, status: 'refused' })
  const listed = await records.list({ groupId: null })
  assert.equal(
    listed.map(({ id }) => id),
    [other.run.id],
  )
})

for (const keepDays of [undefined, 7])
  test(`records of more than ${keepDays ?? 30} days ago are removed, packed or not`, () => prunes(keepDays))

async function prunes(keepDays: number | undefined): Promise<void> {
  const days = keepDays ?? 30
  const storage = createStorage()
  const place = createStored(storage)
  const marks = createRunIndex(place)
  const old = [
    endedOf(crypto.randomUUID(), Date.now() - (days + 1) * 86_400_000),
    endedOf(crypto.randomUUID(), 1),
  ]
  const young = endedOf(crypto.randomUUID(), Date.now() - (days - 1) * 86_400_000)
  for (const ended of [...old, young]) {
    for (const path of Object.values(recordPaths(ended.run.id))) await place.write(path, ended)
  }
  await marks.end(old[0]!)
  await marks.end(young)
  await place.write('groups/none/pack_1.json', [endMark(old[1]!)])
  const prune = createPrune(place, createRunIndex(place), () => {}, keepDays)
  prune()
  while (storage.items.size > 4) await wait(5)
  await wait(20)
  assert.ok([...storage.items.keys()].every((key) => key.includes(young.run.id)))
  assert.is(storage.items.size, 4)
}

test('marks of an end stand for the first ones, and other files are passed over', () => {
  const ended = endedOf(crypto.randomUUID(), 1_700_000_000_000)
  const { id } = ended.run
  const end = endMark(ended)
  const mark = {
    id,
    createdAt: 1_700_000_000_000,
    startedAt: 1_700_000_000_001,
    completedAt: 1_700_000_000_002,
    end: 'ended',
  }
  const start = end.split('_').slice(0, 2).join('_')
  for (const names of [
    [start, end],
    [`abc/${end}`, start, '.DS_Store', 'notes.txt'],
  ]) {
    assert.equal(readMarks(names), [mark])
  }
  const without = { ...ended, startedAt: null, status: 'cancelled' as const }
  assert.equal(readMarks([endMark(without)]), [{ ...mark, startedAt: null }])
  assert.is(readMarks([endMark({ ...ended, status: 'refused' }), start])[0]!.end, 'refused')
})
