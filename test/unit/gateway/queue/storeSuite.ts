// What any store of the queue has to do.
import { assert, suite } from '#test'
import type { Batch, Store } from '../../../../packages/gateway/src/queue/store.ts'
import { rejection } from '../../../support/fakes.ts'
import { memoryStore } from './memoryStore.ts'

/** Where a store keeps what it has. */
export interface StorePlace {
  make(): Store
  /** Whether a second store of the place may be open at the same time. */
  isShared: boolean
  /** Makes a record unreadable, while no store is open. */
  damage?(key: string): Promise<void>
  remove(): void | Promise<void>
}

export const batchOf = (more: {
  checks?: Record<string, string>
  records?: Record<string, string | undefined>
  marks?: string[]
  unmarks?: string[]
  messages?: string[]
  isLazy?: boolean
  isGrowth?: boolean
}): Batch => ({
  marks: [],
  unmarks: [],
  messages: [],
  isLazy: false,
  isGrowth: false,
  ...more,
  checks: new Map(Object.entries(more.checks ?? {})),
  records: new Map(Object.entries(more.records ?? {})),
})

const textsOf = async (store: Store, ...keys: string[]): Promise<(string | undefined)[]> =>
  (await store.read(keys)).map(({ text }) => text)
const versionOf = async (store: Store, key: string): Promise<string> => (await store.read([key]))[0]!.version
const ALL = { from: '!', to: '\x7f' }
const below = (prefix: string) => ({ from: prefix, to: `${prefix}~~` })
/** Random numbers from 0 to below a count, the same in each run. */
function drawer(seed: number): (count: number) => number {
  let state = seed
  return (count) => {
    state = (state * 48_271) % 2_147_483_647
    return state % count
  }
}

export function suiteOfStore(name: string, makePlace: () => StorePlace) {
  const test = suite(name)
  const withStore = (title: string, use: (store: Store, place: StorePlace) => Promise<void>): void =>
    test(title, async () => {
      const place = makePlace()
      const store = place.make()
      try {
        await store.open(() => {})
        await use(store, place)
      } finally {
        await store.close()
        await place.remove()
      }
    })
  async function reopen(store: Store, place: StorePlace, use: (store: Store) => Promise<void>) {
    await store.close()
    const next = place.make()
    try {
      await next.open(() => {})
      await use(next)
    } finally {
      await next.close()
    }
  }

  withStore(
    'records are written, changed and removed, and each write has a version of its own',
    async (store) => {
      assert.equal(await store.read(['a', 'b']), [
        { text: undefined, version: '' },
        { text: undefined, version: '' },
      ])
      const versions = new Set([''])
      for (const text of ['one', 'two', 'one', '', 'é\u{1F600}\0\n', 'x'.repeat(100_000)]) {
        assert.is(await store.commit(batchOf({ records: { a: text, 'b/%': text } })), true)
        assert.equal(await textsOf(store, 'a', 'none', 'b/%'), [text, undefined, text])
        const version = await versionOf(store, 'a')
        assert.not(versions.has(version))
        versions.add(version)
      }
      await store.commit(batchOf({ records: { a: undefined, none: undefined } }))
      assert.is(await versionOf(store, 'a'), '')
      await store.commit(batchOf({ records: { a: 'one' } }))
      assert.not(versions.has(await versionOf(store, 'a')))
      const keys = Array.from({ length: 300 }, (_, index) => `many/${index}`)
      await store.commit(batchOf({ records: Object.fromEntries(keys.map((key) => [key, key])) }))
      assert.equal(await textsOf(store, ...keys), keys)
    },
  )

  withStore('a batch is written only if each record is as it was read', async (store) => {
    await store.commit(batchOf({ records: { a: '1', b: '1' }, marks: ['m'] }))
    const [a, b] = [await versionOf(store, 'a'), await versionOf(store, 'b')]
    for (const checks of [
      { a, b: '' },
      { a: '', b },
      { a: b.slice(1), b },
      { a, b, none: a },
    ]) {
      const records = { a: '2', c: '2' }
      assert.is(await store.commit(batchOf({ checks, records, marks: ['n'], unmarks: ['m'] })), false)
    }
    assert.equal(await textsOf(store, 'a', 'c'), ['1', undefined])
    assert.equal(await store.range(ALL, { limit: 9 }), ['m'])
    assert.ok(await store.commit(batchOf({ checks: { a, b, none: '' }, records: { a: '2' } })))
    assert.is(await store.commit(batchOf({ checks: { a }, records: { a: '3' } })), false)
    assert.is(await store.commit(batchOf({ checks: { a } })), false)
    assert.is(await store.commit(batchOf({ checks: { b } })), true)
    // The same text again is a change, too.
    await store.commit(batchOf({ records: { b: '1' } }))
    assert.is(await store.commit(batchOf({ checks: { b } })), false)
  })

  withStore('of steps at the same moment, each sees the one before or is refused', async (store, place) => {
    const other = place.isShared ? place.make() : store
    if (other !== store) await other.open(() => {})
    const add = async (on: Store, name: string): Promise<void> => {
      for (;;) {
        const [found] = await on.read(['sum'])
        const checks = { sum: found!.version }
        const sum = String(Number(found!.text ?? 0) + 1)
        const number = String(await on.next()).padStart(6, '0')
        if (await on.commit(batchOf({ checks, records: { sum, [name]: sum }, marks: [number] }))) return
      }
    }
    const names = Array.from({ length: 30 }, (_, index) => `step/${index}`)
    await Promise.all(names.map((name, index) => add(index % 2 ? other : store, name)))
    const sums = (await textsOf(store, ...names)).map(Number).sort((a, b) => a - b)
    assert.equal(
      sums,
      names.map((_, index) => index + 1),
    )
    assert.is(await store.count(ALL), names.length)
    // Of batches that need nothing of each other, none is refused.
    const free = names.map((name) => store.commit(batchOf({ records: { [name]: 'x', shared: name } })))
    assert.ok((await Promise.all(free)).every(Boolean))
    const [first, second] = await Promise.all(
      ['1', '2'].map((text) => store.commit(batchOf({ checks: { new: '' }, records: { new: text } }))),
    )
    assert.equal([first, second].filter(Boolean).length, 1)
    assert.equal(await textsOf(store, 'new'), [first ? '1' : '2'])
    if (other !== store) await other.close()
  })

  withStore('marks come in the order of their bytes, in pages of either direction', async (store) => {
    const marks = ['a', 'a!', 'a/', 'a/1', 'a/10', 'a/2', 'a0', 'aZ', 'a_', 'aa', 'a~', 'b', 'b/1']
    await store.commit(batchOf({ marks: [...marks].reverse() }))
    await store.commit(batchOf({ marks: ['a/1'], unmarks: ['none'] }))
    const range = { from: 'a/', to: 'a0' }
    const within = ['a/', 'a/1', 'a/10', 'a/2']
    assert.equal(await store.range(ALL, { limit: 100 }), marks)
    assert.equal(await store.range(ALL, { limit: 100, isReverse: true }), [...marks].reverse())
    assert.equal(await store.range(range, { limit: 100 }), within)
    assert.equal(await store.range(range, { limit: 2, offset: 1 }), ['a/1', 'a/10'])
    assert.equal(await store.range(range, { limit: 2, offset: 1, isReverse: true }), ['a/10', 'a/1'])
    assert.equal(await store.range(range, { limit: 2, offset: 3 }), ['a/2'])
    for (const offset of [4, 5]) assert.equal(await store.range(range, { limit: 2, offset }), [])
    assert.equal(await store.range(range, { limit: 0 }), [])
    assert.equal([await store.count(range), await store.count(ALL)], [4, marks.length])
    for (const empty of [
      { from: 'x', to: 'y' },
      { from: 'b', to: 'b' },
      { from: 'b', to: 'a' },
    ]) {
      assert.equal([await store.count(empty), await store.range(empty, { limit: 5 })], [0, []])
      assert.equal(await store.range(empty, { limit: 5, isReverse: true }), [])
    }
    // What one batch both sets and removes, stays.
    await store.commit(batchOf({ marks: ['a/3', 'a/1'], unmarks: ['a/1', 'a/10'] }))
    assert.equal(await store.range(range, { limit: 9 }), ['a/', 'a/1', 'a/2', 'a/3'])
    assert.is(await store.count(range), 4)
  })

  withStore('pages and counts are right in a long list that changes', async (store) => {
    const memory = memoryStore()
    const both = [store, memory]
    const commit = async (more: Parameters<typeof batchOf>[0]): Promise<void> => {
      for (const on of both) assert.ok(await on.commit(batchOf(more)))
    }
    const draw = drawer(5)
    const mark = (most: number): string => `${'kl'[draw(2)]}/a/${String(draw(most)).padStart(5, '0')}`
    const marks = Array.from({ length: 9_000 }, () => mark(20_000))
    await commit({ marks })
    // Growth at the end, changes anywhere, growth in one place, and nearly all removed.
    for (let step = 0; step < 80; step++) {
      const list = `${'kl'[draw(2)]}/${draw(3) ? 'a/' : ''}`
      const edge = (): string => list + (list.length > 2 ? '' : 'a/') + String(draw(30_000)).padStart(5, '0')
      const range = [below(list), { from: list, to: edge() }, { from: edge(), to: edge() }][draw(3)]!
      const page = { limit: draw(20), offset: draw(6_000), isReverse: draw(2) === 0 }
      const found = both.map((on) =>
        Promise.all([
          on.count(range),
          on.range(range, page),
          on.count(below(list)),
          on.heads(list.slice(0, 2)),
        ]),
      )
      assert.equal(await found[0], await found[1], `step ${step}`)
      const more = Array.from({ length: draw(40) }, (_, index) => [
        `k/a/${20_000 + step * 50 + index}`,
        mark(20_000),
      ])
      if (step < 40) await commit({ marks: more.flat(), unmarks: [mark(20_000), mark(20_000)] })
      if (step === 40) await commit({ marks: Array.from({ length: 5_000 }, (_, at) => `k/a/10000.${at}`) })
      if (step > 60)
        await commit({ unmarks: await memory.range(below('k/'), { limit: 600, offset: draw(300) }) })
    }
    // Counted while it changes.
    const changes = Array.from({ length: 40 }, (_, at) =>
      commit({ marks: [`l/b/${at}`], unmarks: [`l/b/${at - 3}`] }),
    )
    await Promise.all([
      ...changes,
      store.count(below('l/b/')),
      store.count(below('l/')),
      store.count(below('l/a/')),
      store.heads('l/'),
    ])
    assert.equal(await store.heads('l/'), await memory.heads('l/'))
    // A group that grows, and that changes while its first marks are read.
    const some = (first: number): string[] => Array.from({ length: 100 }, (_, at) => `l/c/${first + at}`)
    const firsts = Array.from({ length: 20 }, (_, at) => 1_000 + at * 100)
    for (const first of firsts) await commit({ marks: some(first) })
    for (const first of firsts) {
      const taken = commit({ unmarks: some(first) }).then(() => store.heads('l/'))
      await new Promise((resolve) => setTimeout(resolve, 0))
      await Promise.all([taken, commit({ marks: [`l/c/0${first}`], isLazy: true })])
      assert.equal(await store.heads('l/'), await memory.heads('l/'))
      await commit({ unmarks: [`l/c/0${first}`] })
      assert.equal(await store.heads('l/'), await memory.heads('l/'))
      assert.is(await store.count(below('l/c/')), await memory.count(below('l/c/')))
    }
    for (const list of ['k/', 'l/', 'l/a/', 'l/b/'])
      assert.is(await store.count(below(list)), await memory.count(below(list)), list)
  })

  withStore('all that was answered is there after a new start, and numbers go on', async (store, place) => {
    const numbers: number[] = []
    for (let i = 0; i < 5; i++) {
      numbers.push(await store.next())
      await store.commit(
        batchOf({ records: { [`r/${i}`]: `${numbers[i]}` }, marks: [`m/${i}`], isLazy: i > 2 }),
      )
    }
    const version = await versionOf(store, 'r/4')
    await reopen(store, place, async (later) => {
      assert.equal(await textsOf(later, 'r/0', 'r/4'), [`${numbers[0]}`, `${numbers[4]}`])
      assert.is(await later.count(ALL), 5)
      assert.ok(await later.commit(batchOf({ checks: { 'r/4': version }, records: { 'r/4': 'new' } })))
      assert.not.equal(await versionOf(later, 'r/4'), version)
      numbers.push(await later.next(), await later.next())
    })
    for (let i = 1; i < numbers.length; i++) assert.ok(numbers[i]! > numbers[i - 1]!)
  })

  withStore('a record that is damaged is a problem of this record alone', async (store, place) => {
    if (!place.damage) return
    await store.commit(batchOf({ records: { bad: 'a text', good: 'a text' } }))
    await store.close()
    await place.damage('bad')
    await reopen(store, place, async (later) => {
      const [bad, good] = await later.read(['bad', 'good'])
      assert.is(good!.text, 'a text')
      const error = await rejection(Promise.resolve().then(() => bad!.text))
      assert.equal([error.name, (error as { status?: number }).status], ['EngineError', 500])
      assert.ok(error.message.includes('"bad"'))
      // It can be replaced.
      assert.ok(await later.commit(batchOf({ checks: { bad: bad!.version }, records: { bad: undefined } })))
      assert.equal(await textsOf(later, 'bad'), [undefined])
    })
  })

  withStore('random steps have the same results as in memory', async (store) => {
    const memory = memoryStore()
    const draw = drawer(7)
    const groups = ['a', 'a!', 'a0', 'b:c']
    const mark = (): string => `${'wxyz'[draw(4)]}/${groups[draw(4)]}/${draw(40)}`
    const edges = ['a', 'w/', 'w/a/', 'w/a0', 'w0', 'x/', 'x/b:c/', 'x/b:c0', 'x0', 'z~']
    for (let step = 0; step < 150; step++) {
      const keys = Array.from({ length: draw(3) }, () => `key/${draw(8)}`)
      const checked = Array.from({ length: draw(2) }, () => `key/${draw(8)}`)
      const makeBatch = async (on: Store, isWrong: boolean): Promise<Batch> =>
        batchOf({
          checks: Object.fromEntries(
            (await on.read(checked)).map(({ version }, index) => [
              checked[index],
              isWrong ? 'wrong' : version,
            ]),
          ),
          records: Object.fromEntries(
            keys.map((key) => [key, step % 5 === 0 ? undefined : `${key} ${step}`]),
          ),
          marks,
          unmarks,
        })
      const marks = Array.from({ length: draw(6) }, mark)
      const unmarks = Array.from({ length: draw(5) }, mark).filter((one) => !marks.includes(one))
      const isWrong = draw(5) === 0
      const range = { from: edges[draw(edges.length)]!, to: edges[draw(edges.length)]! }
      const page = { limit: draw(12), offset: draw(8), isReverse: draw(2) === 0 }
      const prefix = `${'wxyz'[draw(4)]}/`
      const [found, expected] = await Promise.all(
        [store, memory].map(async (on) => [
          await on.commit(await makeBatch(on, isWrong)),
          await on.heads(prefix),
          await on.count(range),
          await on.range(range, page),
          await textsOf(on, ...keys, 'key/0'),
        ]),
      )
      assert.equal(found, expected, `step ${step}`)
    }
    const all = { limit: 1_000 }
    assert.equal(await store.range(ALL, all), await memory.range(ALL, all))
  })
}
