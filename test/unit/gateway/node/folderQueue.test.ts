// The queue in a folder: what any queue does, and what happens to its files.
import { spawn } from 'node:child_process'
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import FakeTimers from '@sinonjs/fake-timers'
import { assert, rejects, said, suite, throws } from '#test'
import { EngineError } from '../../../../packages/gateway/src/engine.ts'
import { folderFiles } from '../../../../packages/gateway/src/node/folderFiles.ts'
import { type FolderQueueOptions, folderQueue } from '../../../../packages/gateway/src/node/folderQueue.ts'
import type { RunQueue } from '../../../../packages/gateway/src/queue/runQueue.ts'
import { rejection } from '../../../support/fakes.ts'
import { until } from '../../../support/until.ts'
import { addAll, bytes, endOf, GPU, makeJob, query, stateOf, suiteOfQueue } from '../queue/suite.ts'

suiteOfQueue('a queue in a folder', () => {
  const folder = mkdtempSync(join(tmpdir(), 'queue-'))
  return {
    make: () => folderQueue(folder),
    keepsTaken: false,
    remove: () => rmSync(folder, { recursive: true }),
  }
})

const test = suite('the folder of a queue')
let folder = ''
const open: RunQueue[] = []
test.before.each(() => {
  folder = mkdtempSync(join(tmpdir(), 'queue-'))
})
test.after.each(async () => {
  for (const queue of open.splice(0)) await queue.close().catch(() => {})
  rmSync(folder, { recursive: true, force: true })
  rmSync(`${folder}-2`, { recursive: true, force: true })
})

const path = (name: string): string => join(folder, name)
const linesOf = (name: string): string[] => readFileSync(path(name), 'utf8').split('\n').slice(0, -1)
const ended = (): string =>
  readdirSync(folder)
    .filter((name) => name.startsWith('ended-'))
    .join()
async function openQueue(at = folder, options?: FolderQueueOptions): Promise<RunQueue> {
  const queue = folderQueue(at, options)
  open.push(queue)
  await queue.open(() => {})
  return queue
}
/** The queue as a new process finds it if this one is killed now. */
async function afterKill(options?: FolderQueueOptions): Promise<RunQueue> {
  rmSync(`${folder}-2`, { recursive: true, force: true })
  cpSync(folder, `${folder}-2`, { recursive: true, filter: (name) => !name.endsWith('/lock') })
  return await openQueue(`${folder}-2`, options)
}

function startUser(
  way: string,
  shell = '',
): { child: ReturnType<typeof spawn>; said: () => string; over: Promise<unknown> } {
  const file = fileURLToPath(new URL('useFolder.ts', import.meta.url))
  const command = `${shell} exec "$0" --import tsx "$1" "$2" ${way}`
  const child = spawn('sh', ['-c', command, process.execPath, file, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TSX_DISABLE_CACHE: '1' },
  })
  let text = ''
  child.stdout!.on('data', (chunk) => (text += chunk))
  return { child, said: () => text, over: new Promise((resolve) => child.on('close', resolve)) }
}

test('a folder is needed, and no option may be wrong', () => {
  for (const wrong of [undefined, '', 1]) throws(() => folderQueue(wrong as never), TypeError)
  for (const wrong of [{ keepDays: 0 }, { keepDays: 1.5 }, { files: 'files' }, { keep: 1 }, null])
    throws(() => folderQueue(folder, wrong as never), TypeError)
})

test('files may be in another place', async () => {
  const files = folderFiles(path('elsewhere'))
  const queue = await openQueue(path('queue'), { files })
  const [job] = await addAll(queue, 1)
  await queue.files.put('out', job!.id, 'a', bytes('a'))
  await queue.close()
  assert.equal([existsSync(path('queue/out')), existsSync(path('elsewhere/out'))], [false, true])
  // One that can't be used is known at the start, and leaves the queue to others.
  const away = { ...files, place: () => Promise.reject(new Error('away')) }
  assert.is((await rejection(folderQueue(path('queue'), { files: away }).open(() => {}))).message, 'away')
  await openQueue(path('queue'), { files })
})

test('it can be read by its owner only', async () => {
  await openQueue(path('new/one'))
  assert.is(statSync(path('new/one')).mode & 0o077, 0)
})

test('a line that a crash cut off was never answered, and what is written after it is read', async () => {
  const queue = await openQueue()
  const jobs = await addAll(queue, 4)
  await queue.end(endOf(jobs[0]!))
  await queue.close()
  // In the middle of a letter of two bytes, too.
  const torn = Buffer.from(JSON.stringify({ ...endOf(jobs[1]!), text: 'é' })).subarray(0, -3)
  appendFileSync(path(ended()), torn)
  appendFileSync(path('queue.jsonl'), '["cancel","')
  const second = await openQueue()
  const end = { ...endOf(jobs[2]!), text: 'ü' }
  await second.end(end)
  await second.cancel(jobs[3]!.id)
  await second.end(endOf(jobs[1]!, { status: 'failed' }))
  await second.close()
  const third = await openQueue()
  assert.equal(await Promise.all(jobs.map((job) => stateOf(third, job))), [
    'completed',
    'failed',
    'completed',
    'waits cancelled',
  ])
  assert.equal(await third.get(jobs[2]!.id), end)
})

test('a send that is asked for again is answered once it is on disk', async () => {
  const queue = await openQueue()
  const [job] = await addAll(queue, 1)
  await queue.take(GPU, 's')
  void queue.send(job!.id, 's', 'one')
  assert.type(await queue.send(job!.id, 's', 'one'), 'number')
  assert.equal(linesOf('queue.jsonl').filter((line) => line.startsWith('["send"')).length, 1)
  void queue.cancel(job!.id)
  await queue.cancel(job!.id)
  assert.equal(linesOf('queue.jsonl').filter((line) => line.startsWith('["cancel"')).length, 1)
})

test('what a full disk refuses is refused with 503, and did not happen', async () => {
  const { said, over } = startUser('fill', 'ulimit -f 64;')
  await over
  const { added, ...told } = JSON.parse(said())
  const no = 'EngineError 503 5'
  assert.equal(told, {
    refused: [no, 'none', no, 'none', no, 'none'],
    send: [no, no, no, 's'],
    cancel: [no, 's', no],
    put: no,
    file: null,
    end: [no, 's'],
  })
  const queue = await openQueue()
  assert.equal(
    (await queue.entries()).map(({ job }) => job.id),
    added,
  )
  assert.ok(added.length > 3)
  const [id] = added
  const job = { ...makeJob(), id }
  assert.is(await stateOf(queue, job), 'waits')
  assert.equal(
    existsSync(path('out'))
      ? readdirSync(path('out'), { recursive: true }).filter((name) => String(name).includes('png'))
      : [],
    [],
  )
  await queue.end(endOf(job))
  assert.is(await stateOf(await afterKill(), job), 'completed')
})

test('of lines that are written at once and do not all fit, none is there later', async () => {
  const { said, over } = startUser('batch', 'ulimit -f 64;')
  await over
  assert.equal(JSON.parse(said()), ['EngineError 503 5', 'EngineError 503 5', 'EngineError 503 5'])
  assert.equal(await (await openQueue()).entries(), [])
})

test('a folder that is gone is 503, for every step that writes', async () => {
  const queue = await openQueue()
  const [job] = await addAll(queue, 1)
  rmSync(folder, { recursive: true })
  const fields = { status: 503, retryAfterS: 5 }
  const { cause } = await rejects(queue.end(endOf(job!)), EngineError, fields)
  assert.is((cause as NodeJS.ErrnoException).code, 'ENOENT')
  assert.is(await stateOf(queue, job!), 'waits')
  writeFileSync(folder, '')
  await rejects(queue.files.put('in', job!.id, 'a', bytes('a')), EngineError, fields)
  rmSync(folder)
})

const lockOf = (pid: number, host = hostname()): void =>
  writeFileSync(path('lock'), JSON.stringify({ pid, host, id: 'x' }))

test('one process at a time has the folder', async () => {
  const { child, said: toldBy, over } = startUser('hold')
  await until(toldBy, (text) => text === '"open"\n')
  said(
    (await rejection(folderQueue(folder).open(() => {}))).message
      .replace(/process \d+/, 'process PID')
      .replaceAll(folder, 'FOLDER'),
  )
  child.kill('SIGKILL')
  await over
  // The lock of a dead process.
  const queue = await openQueue()
  assert.is((await rejection(folderQueue(folder).open(() => {}))).name, 'Error')
  await queue.close()
  assert.not(existsSync(path('lock')))
  // Of an earlier process of the same number.
  lockOf(process.pid)
  const second = await openQueue()
  // Closed twice, it leaves the lock of the next one.
  await queue.close()
  assert.ok(existsSync(path('lock')))
  await second.close()
})

test('the lock of another machine is waited for, until it was silent for 15 s', async () => {
  lockOf(1, 'another')
  const begin = new Date('2030-01-01')
  utimesSync(path('lock'), begin, begin)
  const clock = FakeTimers.install({
    now: begin,
    toFake: ['setTimeout', 'clearTimeout', 'Date'],
  })
  let isOpen = false
  let seconds = 0
  try {
    const opening = openQueue().then(() => (isOpen = true))
    for (;;) {
      await until(() => isOpen || clock.countTimers() > 0)
      if (isOpen) break
      clock.tick(1_000)
      seconds++
      // It is alive.
      if (seconds === 10) utimesSync(path('lock'), new Date(), new Date())
    }
    await opening
  } finally {
    clock.uninstall()
  }
  assert.is(seconds, 26)
  // What a crash left of one says nothing of a machine.
  for (const text of [JSON.stringify({ pid: 1, host: 'another' }), '', '{"pid":']) {
    await open.at(-1)!.close()
    writeFileSync(path('lock'), text)
    utimesSync(path('lock'), new Date(Date.now() - 16_000), new Date(Date.now() - 16_000))
    await openQueue()
  }
})

for (const [keepDays, more] of [
  [30, {}],
  [7, { keepDays: 7 }],
] as const)
  test(`after ${keepDays} days a record goes, with its files, and never comes back`, () =>
    goesAfter(keepDays, more))

async function goesAfter(keepDays: number, more: FolderQueueOptions): Promise<void> {
  const clock = FakeTimers.install({ now: Date.now(), toFake: ['setInterval', 'clearInterval', 'Date'] })
  const day = 86_400_000
  try {
    const queue = await openQueue(folder, more)
    const jobs = await addAll(queue, 2, { groupId: 'g' })
    const [old, waits] = jobs as [(typeof jobs)[0], (typeof jobs)[0]]
    const name = `ended-${new Date().toISOString().slice(0, 10)}.jsonl`
    for (const { id } of jobs) await queue.files.put('out', id, 'a', bytes('a'))
    await queue.end(endOf(old!))
    const known = async (from: RunQueue) => [
      await stateOf(from, old!),
      (await from.list(query({ groupId: 'g' }))).total,
      (await from.list(query())).total,
      Boolean(await from.files.open('out', old!.id, 'a', new Headers())),
    ]
    clock.setSystemTime(Date.now() + (keepDays - 1) * day)
    await clock.tickAsync(3_600_000)
    await queue.end(endOf((await addAll(queue, 1))[0]!))
    assert.equal(await known(queue), ['completed', 2, 3, true])
    clock.setSystemTime(Date.now() + 2 * day)
    await clock.tickAsync(3_600_000)
    await until(() => !existsSync(path(name)) && !existsSync(path(`out/${old!.id}`)))
    for (const one of [queue, await afterKill(more)]) {
      assert.equal(await known(one), ['none', 1, 2, false])
      assert.is(await stateOf(one, waits!), 'waits')
      assert.ok(await one.files.open('out', waits!.id, 'a', new Headers()))
    }
  } finally {
    clock.uninstall()
  }
}

test('files without a run go after an hour, inputs with the end of theirs', async () => {
  const queue = await openQueue()
  const [job, over] = await addAll(queue, 2)
  const [draft, lost] = [crypto.randomUUID(), crypto.randomUUID()]
  const all = [job!.id, over!.id, draft, lost]
  for (const kind of ['in', 'out'] as const)
    for (const id of all) await queue.files.put(kind, id, 'a', bytes('a'))
  await queue.end(endOf(over!))
  await queue.close()
  mkdirSync(path(`in/${over!.id}`), { recursive: true })
  const early = new Date(Date.now() - 3_700_000)
  for (const kind of ['in', 'out'])
    for (const id of all) if (id !== draft) utimesSync(path(`${kind}/${id}`), early, early)
  await openQueue()
  const left = () => ['in', 'out'].map((kind) => readdirSync(path(kind)).sort())
  await until(left, (found) => found.flat().length === 5)
  assert.equal(left(), [[job!.id, draft].sort(), [job!.id, over!.id, draft].sort()])
})

test('the file of runs that go on stays small, and loses nothing, also if it can not be written anew for a while', async () => {
  const queue = await openQueue()
  const text = 'x'.repeat(1_000_000)
  const [first, sent] = await addAll(queue, 2)
  await queue.take(GPU, 's')
  await queue.take(GPU, 's')
  await queue.send(sent!.id, 's', 'one')
  const fill = async (count: number) => {
    for (let i = 0; i < count; i++) {
      const large = makeJob({ text, plan: `p${i}` })
      await queue.add(large, {}, {})
      // Others come at the same time, of plans that are new and that nobody uses any more.
      const [small] = await Promise.all([
        addAll(queue, 2, { plan: `p${i - 1}` }),
        queue.end(endOf(large)),
        queue.nameOf(`http://${i}`),
      ])
      for (const job of small) assert.ok(await queue.planOf(job))
      await queue.end(endOf(small[0]!))
    }
  }
  mkdirSync(path('queue.draft'))
  await fill(20)
  assert.ok(statSync(path('queue.jsonl')).size > 20_000_000)
  rmSync(path('queue.draft'), { recursive: true })
  await fill(40)
  await until(() => statSync(path('queue.jsonl')).size < 20_000_000)
  const [found, real] = [await afterKill(), queue].map((one) => one.entries())
  const ids = (entries: Awaited<typeof found>) =>
    entries!.map(({ job, sentAt, number }) => `${number} ${job.id} ${Boolean(sentAt)}`).sort()
  assert.equal(ids(await found), ids(await real))
  const later = open.at(-1)!
  assert.equal(await Promise.all([first, sent].map((job) => stateOf(later, job!))), ['waits', 's sent'])
  for (const { job } of await later.entries()) assert.ok(await later.planOf(job))
})
