// The store of a queue in a folder: what any store does, and what happens to its files.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ClassicLevel } from 'classic-level'
import { assert, rejects, said, suite } from '#test'
import { EngineError } from '../../../../packages/gateway/src/engine.ts'
import { findDamage } from '../../../../packages/gateway/src/node/checkLog.ts'
import { levelStore } from '../../../../packages/gateway/src/node/levelStore.ts'
import { createQueue } from '../../../../packages/gateway/src/queue/createQueue.ts'
import type { Store } from '../../../../packages/gateway/src/queue/store.ts'
import { rejection } from '../../../support/fakes.ts'
import { until } from '../../../support/until.ts'
import { makeMemory, memoryStore } from '../queue/memoryStore.ts'
import { NO_FILES } from '../queue/simulate.ts'
import { batchOf, suiteOfStore } from '../queue/storeSuite.ts'
import { makeJob } from '../queue/suite.ts'

suiteOfStore('a store in memory', () => {
  const memory = makeMemory()
  return { make: () => memoryStore(memory), isShared: true, remove() {} }
})

/** Changes a record behind the store's back. */
async function edit(folder: string, key: string, change: (value: string) => string): Promise<void> {
  const level = new ClassicLevel(join(folder, 'queue.level'))
  await level.put(`r/${key}`, change((await level.get(`r/${key}`))!))
  await level.close()
}

suiteOfStore('a store in a folder', () => {
  const folder = mkdtempSync(join(tmpdir(), 'store-'))
  return {
    make: () => levelStore(folder),
    isShared: false,
    damage: (key) => edit(folder, key, (value) => value.replace('text', 'test')),
    remove: () => rmSync(folder, { recursive: true }),
  }
})

const test = suite('the folder of a store')
let folder = ''
const open: Store[] = []
const children: ChildProcess[] = []
test.before.each(() => {
  folder = mkdtempSync(join(tmpdir(), 'store-'))
})
test.after.each(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  for (const store of open.splice(0)) await store.close()
  rmSync(folder, { recursive: true, force: true })
})

async function openStore(at = folder): Promise<Store> {
  const store = levelStore(at)
  await store.open(() => {})
  open.push(store)
  return store
}
const ALL = { from: '!', to: '\x7f' }
/** All that can be read, or the problem. */
async function contentOf(at: string, keys: readonly string[]): Promise<string> {
  const store = levelStore(at)
  await store.open(() => {})
  try {
    const texts = (await store.read(keys)).map(({ text }) => text)
    return JSON.stringify([texts, await store.range(ALL, { limit: 10_000 }), await store.next()])
  } finally {
    await store.close()
  }
}

function startUser(
  way: string,
  before = 'exec',
): { child: ChildProcess; said: () => unknown[]; over: Promise<unknown> } {
  const file = fileURLToPath(new URL('useStore.ts', import.meta.url))
  const command = `${before} "$0" --import tsx "$1" "$2" ${way}`
  const child = spawn('sh', ['-c', command, process.execPath, file, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TSX_DISABLE_CACHE: '1' },
  })
  children.push(child)
  let text = ''
  child.stdout!.on('data', (chunk) => (text += chunk))
  const lines = (): string[] => text.split('\n').slice(0, -1)
  return {
    child,
    said: () => lines().map((line) => JSON.parse(line)),
    over: new Promise((resolve) => child.on('close', resolve)),
  }
}

test('it can be read by its owner only', async () => {
  await openStore(join(folder, 'new/one'))
  assert.is(statSync(join(folder, 'new/one')).mode & 0o077, 0)
})

test('one process at a time has the folder, also while it is stopped', async () => {
  const { child, said: toldBy, over } = startUser('hold')
  await until(toldBy, ({ length }) => length > 0)
  const refusal = async (at = folder) => (await rejection(levelStore(at).open(() => {}))).message
  const message = await refusal()
  said(message.replaceAll(folder, 'FOLDER'))
  child.kill('SIGSTOP')
  assert.is(await refusal(), message)
  child.kill('SIGKILL')
  await over
  const store = await openStore()
  assert.is(await refusal(), message)
  // The same folder by another name.
  symlinkSync(folder, `${folder}-link`)
  assert.is(
    await refusal(`${folder}-link`).finally(() => rmSync(`${folder}-link`)),
    `${folder}-link${message.slice(folder.length)}`,
  )
  // Whoever was refused leaves it as it was.
  assert.ok(await store.commit(batchOf({ records: { a: '1' } })))
  await store.close()
  const both = [levelStore(folder), levelStore(folder)]
  const results = await Promise.allSettled(both.map((one) => one.open(() => {})))
  assert.equal(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  for (const one of both) await one.close()
})

test('a process that is killed loses nothing that was answered, and no step in part', async () => {
  const answered = new Map<string, number>()
  for (let round = 0; round < 3; round++) {
    rmSync(folder, { recursive: true })
    const { child, said: toldBy, over } = startUser('write')
    await until(toldBy, ({ length }) => length > 50 + 100 * round)
    child.kill('SIGKILL')
    await over
    for (const [name, step] of toldBy().slice(1) as [string, number][]) answered.set(name, step)
    const store = await openStore()
    for (const [name, step] of answered) {
      const marks = await store.range({ from: `${name}/`, to: `${name}0` }, { limit: 10_000 })
      // The last one may have been written, and not answered.
      assert.ok(marks.length === step + 1 || marks.length === step + 2, `${marks.length} of ${step}`)
      const found = await store.read([...marks, `${name}/${marks.length}`])
      assert.equal(
        found.map(({ text }) => text !== undefined),
        [...marks.map(() => true), false],
      )
    }
    await store.close()
  }
})

test('a bit that flips is noticed, or changes nothing', async () => {
  const keys = ['about']
  for (const [round, count] of [120, 80, 300].entries()) {
    const store = await openStore()
    for (let step = 0; step < count; step++) {
      const key = `run/${round}/${step}`
      keys.push(key)
      await store.commit(
        batchOf({
          records: { [key]: `text ${'of any length '.repeat(step % 40)}`, last: key },
          marks: [`w/${key}`, `i/${key}`],
          unmarks: step % 5 ? [] : [`w/run/${round - 1}/${step}`],
          isLazy: true,
        }),
      )
      await store.next()
    }
    await store.close()
  }
  const copy = `${folder}-copy`
  const flipped = async (name: string, bit: number): Promise<string> => {
    rmSync(copy, { recursive: true, force: true })
    cpSync(folder, copy, { recursive: true })
    const bytes = readFileSync(join(copy, name))
    bytes[bit >> 3]! ^= 1 << (bit & 7)
    writeFileSync(join(copy, name), bytes)
    return await contentOf(copy, keys)
  }
  const truth = await flipped('queue.level/LOG', 0)
  const refused: Record<string, number> = {}
  let seed = 11
  for (const name of filesOf(folder)) {
    const bits = statSync(join(folder, 'queue.level', name)).size * 8
    const kind = name.replace(/\d+/, '')
    for (let flip = 0; flip < Math.min(bits, 100); flip++) {
      seed = (seed * 48_271) % 2_147_483_647
      const bit = seed % bits
      const at = `${name} at ${bit}`
      const result = await flipped(join('queue.level', name), bit).catch((error) => {
        assert.match(`${error.message} ${error.cause}`, /damaged|CURRENT/, at)
        return undefined
      })
      if (result !== undefined) assert.is(result, truth, at)
      refused[kind] = (refused[kind] ?? 0) + (result === undefined ? 1 : 0)
    }
  }
  rmSync(copy, { recursive: true })
  for (const kind of ['.log', '.ldb', 'MANIFEST-', 'CURRENT']) assert.ok(refused[kind]! > 80, kind)
})

/** LevelDB's own LOG tells what it does. */
const filesOf = (at: string): string[] =>
  readdirSync(join(at, 'queue.level')).filter((name) => !name.startsWith('LOG'))

test('a damaged folder is refused with what to do, before anything is changed', async () => {
  for (const text of ['1', '2']) {
    const store = await openStore()
    await store.commit(batchOf({ records: { a: text } }))
    await store.commit(batchOf({ records: { b: text } }))
    await store.close()
  }
  const names = filesOf(folder)
  const path = (name: string) => join(folder, 'queue.level', names.find((one) => one.includes(name))!)
  const truth = new Map(names.map((name) => [path(name), readFileSync(path(name))]))
  const log = truth.get(path('.log'))!
  for (const [name, bytes] of [
    ['.log', Buffer.from(log).fill('x', 40, 41)],
    ['MANIFEST', Buffer.from('not one')],
    ['CURRENT', undefined],
    ['.ldb', undefined],
  ] as const) {
    if (bytes) writeFileSync(path(name), bytes)
    else rmSync(path(name))
    said((await rejection(levelStore(folder).open(() => {}))).message.replaceAll(folder, 'FOLDER'))
    assert.equal(filesOf(folder), bytes ? names : names.filter((one) => !one.includes(name)))
    writeFileSync(path(name), truth.get(path(name))!)
  }
  // Any byte counts, but those of a table's end that have no meaning. Of a log, the last entry may not look cut.
  for (const [file, whole] of truth) {
    const missed: number[] = []
    for (const at of whole.keys()) {
      const bytes = Buffer.from(whole)
      bytes[at]! ^= 1 << (at % 8)
      writeFileSync(file, bytes)
      const found = await findDamage(join(folder, 'queue.level')).next()
      if (found.done) missed.push(at)
    }
    writeFileSync(file, whole)
    assert.ok(missed.length <= (file.endsWith('.ldb') ? 40 : 0), `${file}: ${missed}`)
  }
  // A crash leaves a log whose end is missing, or is zeros.
  for (const [bytes, text] of [
    [log.subarray(0, -3), '1'],
    [Buffer.concat([log, Buffer.alloc(5_000)]), '2'],
  ] as const) {
    writeFileSync(path('.log'), bytes)
    const copy = `${folder}-copy`
    cpSync(folder, copy, { recursive: true })
    const later = await openStore(copy)
    assert.is((await later.read(['b']))[0]!.text, text)
    await later.close()
    rmSync(copy, { recursive: true })
  }
})

test('a layout that is newer is refused', async () => {
  await (await openStore()).close()
  await edit(folder, 'about', () => '')
  await rejects(
    levelStore(folder).open(() => {}),
    EngineError,
    { status: 500 },
  )
  rmSync(folder, { recursive: true })
  const store = await openStore()
  await store.commit(batchOf({ records: { about: '{"layout":2}' } }))
  await store.close()
  const { message } = await rejection(levelStore(folder).open(() => {}))
  said(message.replaceAll(folder, 'FOLDER'))
  // It is left to that version.
  assert.is((await rejection(levelStore(folder).open(() => {}))).message, message)
})

const NO = 'EngineError 503 5'

test('what the disk refuses is refused with 503, did not happen, and never comes back', async () => {
  const { said: toldBy, over } = startUser('large', 'ulimit -f 20000; exec')
  await over
  const store = await openStore()
  const [, [before, both, growth, after, [one]]] = toldBy() as [0, [true, string[], string, true, object[]]]
  assert.equal(
    { before, both, growth, after, one },
    { before: true, both: [NO, NO, NO], growth: NO, after: true, one: { version: '' } },
  )
  assert.equal(await store.range(ALL, { limit: 9 }), ['after', 'before'])
  const found = await store.read(['before', 'one', 'two', 'three', 'after'])
  assert.equal(
    found.map(({ text }) => text),
    ['', undefined, undefined, undefined, ''],
  )
})

test('a write whose last step failed is refused, and never comes back', async () => {
  const store = await openStore()
  await store.commit(batchOf({ records: { a: '1' }, marks: ['m/1'] }))
  const { batch } = ClassicLevel.prototype
  let isOver = false
  ClassicLevel.prototype.batch = async function (this: ClassicLevel, ...args: never[]) {
    await (batch as (...args: never[]) => Promise<void>).apply(this, args)
    throw new Error('EIO')
  } as never
  try {
    // Who reads meanwhile gets an answer.
    const reading = (async () => {
      for (; !isOver; await new Promise(setImmediate)) await store.read(['a'])
    })()
    for (const text of ['2', '3'])
      await rejects(store.commit(batchOf({ records: { a: text }, marks: [`m/${text}`] })), EngineError, {
        status: 503,
        retryAfterS: 5,
      })
    isOver = true
    await reading
  } finally {
    ClassicLevel.prototype.batch = batch
  }
  for (const on of [store, undefined]) {
    if (!on) await store.close()
    const later = on ?? (await openStore())
    assert.is((await later.read(['a']))[0]!.text, '1')
    assert.equal(await later.range(ALL, { limit: 9 }), on ? ['m/1'] : ['m/1', 'm/4'])
    await later.commit(batchOf({ marks: ['m/4'] }))
  }
})

test('an answer waits for the disk, but one that a crash may undo', async () => {
  const { batch } = ClassicLevel.prototype as unknown as Record<'batch', (...all: unknown[]) => Promise<void>>
  const synced: unknown[] = []
  ClassicLevel.prototype.batch = async function (this: unknown, ...all: unknown[]) {
    synced.push(Object(all[1]).sync)
    await batch.apply(this, all)
  } as never
  const write = (key: string, isLazy = false) =>
    store.commit(batchOf({ records: { [key]: 'x' }, marks: [key], isLazy }))
  const store = await openStore()
  try {
    await write('a', true)
    await write('b')
    await Promise.all([write('c', true), write('d')])
    assert.equal(synced, [false, true, true])
  } finally {
    delete (ClassicLevel.prototype as { batch?: unknown }).batch
  }
})

test('an add that sees another one before its write is over still counts it', async () => {
  const queue = createQueue({ store: levelStore(folder), files: NO_FILES, keepDays: 30 })
  await queue.open(() => {})
  const add = () => queue.add(makeJob(), {}, {}, { owner: 'x', maxUnfinished: 2 })
  await add()
  const { batch } = ClassicLevel.prototype
  let letGo = (): void => {}
  const held = new Promise<void>((resolve) => (letGo = resolve))
  let isWritten = false
  ClassicLevel.prototype.batch = async function (this: ClassicLevel, ...args: never[]) {
    await (batch as (...args: never[]) => Promise<void>).apply(this, args)
    isWritten = true
    await held
  } as never
  try {
    const adds = [add()]
    await until(() => isWritten)
    adds.push(add())
    const ends = Promise.allSettled(adds)
    await new Promise((resolve) => setTimeout(resolve, 20))
    letGo()
    assert.equal(
      (await ends).map(({ status }) => status),
      ['fulfilled', 'rejected'],
    )
  } finally {
    ClassicLevel.prototype.batch = batch
    await queue.close()
  }
})

/** A small disk that this process and its children alone see. */
const SMALL_DISK = `exec unshare -rm sh -c 'mount -t tmpfs -o size=100m none "$4" && exec "$0" "$@"'`
const canMount = spawnSync('unshare', ['-rm', 'sh', '-c', 'mount -t tmpfs none /tmp']).status === 0

test('a full disk takes nothing new, and lets all that waits end', async () => {
  // Where nobody may mount, the test above has to do.
  if (!canMount) return
  const { said: toldBy, over } = startUser('fill', SMALL_DISK)
  await over
  const [, { added, ...told }] = toldBy() as [0, { added: number; [of: string]: unknown }]
  assert.ok(added > 5_000)
  // A small write would fit into the last block.
  assert.equal(told, { small: NO, more: NO, ended: 3_000 })
})

test('a folder that is gone is 503, and no other one is written to', async () => {
  const store = await openStore()
  await store.commit(batchOf({ records: { a: '1' } }))
  rmSync(folder, { recursive: true })
  for (const isBack of [false, true]) {
    await rejects(store.commit(batchOf({ records: { a: '2' } })), EngineError, {
      status: 503,
      retryAfterS: 5,
    })
    await rejects(store.read(['a']), EngineError, { status: 503 })
    if (!isBack) mkdirSync(join(folder, 'queue.level'), { recursive: true })
    if (!isBack) writeFileSync(join(folder, 'queue.level/LOCK'), '')
  }
  assert.equal(readdirSync(join(folder, 'queue.level')), ['LOCK'])
})

test('who asks a closed store is refused', async () => {
  const store = await openStore()
  const last = store.commit(batchOf({ records: { a: '1' } }))
  await store.close()
  assert.is(await last, true)
  await store.close()
  await rejects(store.read(['a']), EngineError, { status: 503 })
  await rejects(store.commit(batchOf({})), EngineError, { status: 503 })
  assert.is((await (await openStore()).read(['a']))[0]!.text, '1')
})
