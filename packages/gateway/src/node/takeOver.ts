// Takes over the runs that a version before 0.2 left in a folder.

import { readdir, readFile, rename, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { writeTexts } from '../queue/addRun.ts'
import { type CallerRecord, keysOf } from '../queue/costs.ts'
import { callerOf, type LiveRecord, type QueuedRun, type RunRecord, runKey, setRun } from '../queue/runs.ts'
import { MOST_RUNS, type Step, type Store, transact } from '../queue/store.ts'
import { UNKNOWN_COST_MS } from '../queue/turns.ts'
import { type EndedRun, recordPaths } from '../records/recordStore.ts'
import { noneIfMissing, openFolder } from './dataFolder.ts'

/** A run, and the records that are written with it. */
interface Old {
  record: LiveRecord | { end: EndedRun; endedAt: number }
  plan?: object | undefined
  needs?: object | undefined
}

/** A line of `queue.jsonl`. */
type Line =
  | readonly ['server', url: string, name: string]
  | readonly ['plan' | 'needs', id: string, value: object]
  | readonly ['add', number: number, job: QueuedRun]
  | readonly ['send', id: string, server: string, at: number, session?: string]
  | readonly ['back', id: string, sentAt?: number]
  | readonly ['cancel', id: string]

const OLD = '.old'

/**
 * Takes over the runs of a queue (`queue.jsonl`, `ended-DAY.jsonl`), and the runs of one ComfyUI in another folder. Old files get
 * other names once all is written, so that each run is taken over once, also after a crash in the middle.
 */
export async function takeOver(store: Store, folder: string, single?: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => /^(queue|ended-[\d-]+)\.jsonl$/.test(name)).sort()
  if (names.length > 0) {
    await checkUnused(folder)
    await write(store, await readQueue(store, folder, names))
    for (const name of names) await setAside(join(folder, name))
  }
  if (single === undefined || !(await stat(single).catch(noneIfMissing))) return
  await write(store, await readSingle(single))
  await setAside(single)
}

/** Renames a file or folder. An earlier `.old` stays, since somebody may have used an earlier version again. */
async function setAside(path: string): Promise<void> {
  let old = path + OLD
  while (await stat(old).catch(noneIfMissing)) old += OLD
  await rename(path, old)
}

/** The lock of those versions is a file whose time is set every 5 s. */
async function checkUnused(folder: string): Promise<void> {
  const path = join(folder, 'lock')
  const found = await stat(path).catch(noneIfMissing)
  const { pid, host } =
    parse<{ pid: number; host: string }>((await readFile(path, 'utf8').catch(noneIfMissing)) ?? '') ?? {}
  const isDead = host === hostname() && !isAlive(pid!)
  if (!found || isDead || Date.now() - found.mtimeMs > 15_000) return
  throw new Error(`${folder} is used by an earlier version, process ${pid} on ${host}: stop it first`)
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

async function readQueue(store: Store, folder: string, names: readonly string[]): Promise<Old[]> {
  const runs = new Map<string, Old>()
  const live = new Map<string, { -readonly [Name in keyof LiveRecord]: LiveRecord[Name] }>()
  const texts = new Map<string, object>()
  const servers: Record<string, string> = {}
  for (const name of names) {
    if (name === 'queue.jsonl') continue
    for (const end of await readLines<EndedRun>(join(folder, name)))
      if (!runs.has(end.run.id))
        runs.set(end.run.id, { record: { end, endedAt: Date.parse(name.slice(6, 16)) } })
  }
  for (const line of await readLines<Line>(join(folder, 'queue.jsonl'))) {
    if (line[0] === 'server') servers[line[1]] = line[2]
    if (line[0] === 'plan' || line[0] === 'needs') texts.set(`${line[0]}/${line[1]}`, line[2])
    if (line[0] === 'add') {
      const [, number, job] = line
      if (!runs.has(job.id)) live.set(job.id, { job, number, tag: 0, cost: UNKNOWN_COST_MS })
    }
    const one = live.get(String(line[1]))
    if (!one) continue
    if (line[0] === 'send') {
      const [, , server, sentAt, session] = line
      Object.assign(one, { server, sentAt, session, lastSentAt: sentAt })
    }
    if (line[0] === 'cancel') one.isCancelled = true
    if (line[0] === 'back' && one.sentAt === line[2])
      Object.assign(one, { server: undefined, sentAt: undefined, session: undefined })
  }
  await transact(store, async (step) => {
    const [known] = await step.read<object>('names')
    step.write('names', { ...servers, ...known })
  })
  const waiting = [...live.values()].sort((a, b) => a.number - b.number)
  // Each caller gets its turns as if its runs were submitted now.
  const finish = new Map<string, number>()
  for (const record of waiting) {
    const caller = callerOf(record)
    record.tag = finish.get(caller) ?? 0
    finish.set(caller, record.tag + record.cost)
  }
  const toOld = (record: LiveRecord): Old => {
    const { plan, needs } = record.job
    return { record, plan: texts.get(`plan/${plan}`), needs: texts.get(`needs/${needs}`) }
  }
  return [...runs.values(), ...waiting.map(toOld)]
}

/** Runs of one ComfyUI. A run that has not ended is followed there, and never sent again. */
async function readSingle(folder: string): Promise<Old[]> {
  const storage = await openFolder(folder)
  const read = async <T>(path: string): Promise<T | undefined> =>
    parse<T>(String((await storage.getItem(`flowscale:${path.replaceAll('/', ':')}`)) ?? ''))
  const olds: Old[] = []
  for (const key of await storage.getKeys('flowscale:runs')) {
    const id = /([0-9a-f-]{36})\.json$/.exec(key)?.[1]
    const paths = recordPaths(id ?? '')
    const run = id && (await read<QueuedRun & { outputs: object; titles: object; nodes: number }>(paths.run))
    if (!run) continue
    const end = await read<EndedRun>(paths.end)
    if (end?.status === 'refused') continue
    if (end) {
      olds.push({
        record: { end: { ...end, isOnServer: true } as EndedRun, endedAt: end.completedAt ?? run.createdAt },
      })
      continue
    }
    const { outputs, titles, nodes, ...facts } = run
    const plan = { graph: {}, outputs, titles, nodes }
    const job = { ...facts, plan: `single-${id}`, needs: 'single', changes: [], files: [] }
    const sentAt = run.createdAt
    const sent = { server: 'comfyui-1', sentAt, lastSentAt: sentAt, session: '' }
    const isCancelled = (await read(paths.cancel)) === undefined ? undefined : true
    olds.push({
      record: { job, number: 0, tag: 0, cost: UNKNOWN_COST_MS, ...sent, isCancelled },
      plan,
      needs: [],
    })
  }
  return olds.sort((a, b) => createdAt(a) - createdAt(b))
}

const createdAt = ({ record }: Old): number => ('job' in record ? record.job : record.end.run).createdAt

async function write(store: Store, olds: readonly Old[]): Promise<void> {
  for (let from = 0; from < olds.length; from += MOST_RUNS) {
    const some = olds.slice(from, from + MOST_RUNS)
    const numbers = await Promise.all(some.map(() => store.next()))
    await transact(store, async (step) => {
      for (const [at, old] of some.entries()) await writeRun(step, old, numbers[at]!)
    })
  }
}

async function writeRun(step: Step, { record, plan, needs }: Old, number: number): Promise<void> {
  const { id, owner } = 'job' in record ? record.job : record.end.run
  const [known] = await step.read<RunRecord>(runKey(id))
  if (known) return
  setRun(step, undefined, { ...record, number, owner })
  if (!('job' in record)) return
  const [, , caller] = keysOf(callerOf({ ...record, owner }))
  const had = { finish: record.tag + record.cost, base: 0 }
  step.write(caller, { means: {}, had: { 0: had } } satisfies CallerRecord)
  const { plan: planId, needs: needsId } = record.job
  await writeTexts(step, [`plan/${planId}`, plan ?? {}], [`needs/${needsId}`, needs ?? {}], [caller])
}

async function readLines<T>(path: string): Promise<T[]> {
  const text = (await readFile(path, 'utf8').catch(noneIfMissing)) ?? ''
  return text
    .split('\n')
    .map((line) => parse<T>(line))
    .filter((one) => one !== undefined) as T[]
}

/** Parses a line. One that a crash cut off is left out: nobody was told of it. */
function parse<T>(text: string): T | undefined {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
