// Engines with a queue before several small ComfyUIs, in this process.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from '#test'
import { type ComfyuiOptions, comfyui } from '../../../../../packages/gateway/src/comfyui/comfyui.ts'
import type {
  Engine,
  EngineContext,
  Run,
  Scalar,
  StoredFile,
} from '../../../../../packages/gateway/src/engine.ts'
import { folderQueue } from '../../../../../packages/gateway/src/node/folderQueue.ts'
import { ofQueue, type RunQueue, toQueue } from '../../../../../packages/gateway/src/queue/runQueue.ts'
import { type Comfy, type ComfyOptions, startComfy } from '../../../../comfyui/server/startComfy.ts'
import { until } from '../../../../support/until.ts'
import { fileOf, files, isOver, isRunning, never } from '../kit.ts'

/** Changes what a server tells of a class. */
export type Tamper = (classType: string, info: any, server: number) => any

export interface Servers {
  readonly comfies: readonly Comfy[]
  readonly lines: string[]
  readonly folder: string
  /** An engine without options, opened by whoever asks for it first. */
  readonly engine: Engine
  /** What the engine that was opened last takes its runs from. */
  readonly queue: RunQueue
  open(options?: Partial<ComfyuiOptions>, context?: Partial<EngineContext>, tamper?: Tamper): Engine
  /** Ends that engine as a kill would, but for its lock, and opens another. */
  reopen(meanwhile?: () => unknown, ...how: Parameters<Servers['open']>): Promise<Engine>
}

export const photo = readFileSync('test/comfyui/workflows/example.png')

/** A suite whose cases each have these servers and a folder. */
export function suiteWithServers(name: string, servers: readonly Partial<ComfyOptions>[]) {
  const test = suite(name)
  return (title: string, run: (servers: Servers) => Promise<void>): void =>
    test(title, () => withServers(servers, run))
}

async function withServers(
  list: readonly Partial<ComfyOptions>[],
  use: (servers: Servers) => Promise<void>,
): Promise<void> {
  const comfies = await Promise.all(list.map((one) => startComfy({ version: '0.8.0', ...one })))
  const folder = mkdtempSync(join(tmpdir(), 'queue-'))
  const lines: string[] = []
  let queue: RunQueue | undefined
  let engine: Engine | undefined
  const close = async () => {
    await engine?.close()
  }
  const open: Servers['open'] = (options = {}, context = {}, tamper) => {
    queue = ofQueue(folderQueue({ folder }))
    const urls = comfies.map(({ url }) => url)
    const fetch = tamper && tampered(urls, tamper)
    engine = comfyui({ urls, ...(fetch && { fetch }), ...options })({
      workflows: files,
      inputHosts: [],
      log: (level, message) => void (level !== 'debug' && lines.push(`${level} ${message}`)),
      queue: toQueue(queue),
      ...context,
    })
    return engine
  }
  try {
    await use({
      comfies,
      lines,
      folder,
      get engine() {
        return engine ?? open()
      },
      get queue() {
        return queue!
      },
      open,
      async reopen(meanwhile = () => {}, ...how) {
        await close()
        await meanwhile()
        return open(...how)
      },
    })
  } finally {
    await close()
    await Promise.all(comfies.map((comfy) => comfy.stop()))
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Submits a run. Bytes are the content of a file. */
export async function submit(
  engine: Engine,
  id: string,
  given: Record<string, Scalar | Uint8Array> = {},
  groupId: string | null = null,
): Promise<Run> {
  const draft = (await engine.draft(id, never))!
  const values: Record<string, Scalar | StoredFile> = {}
  for (const [name, value] of Object.entries(given))
    values[name] =
      value instanceof Uint8Array ? await draft.putFile(name, fileOf(value, '../ü b.png')) : value
  return (await draft.submit({ values, inputs: [], groupId, requestId: 'r' })).run
}

/** Reads a run until it is as wanted, or over. */
export const untilRun = async (
  engine: Engine,
  id: string,
  wanted: (run: Run) => unknown = isOver,
): Promise<Run> =>
  (await until(
    () => engine.getRun(id),
    (run) => run && wanted(run),
  ))!

/** Submits a run, and waits for its end. */
export async function perform(...[engine, ...what]: Parameters<typeof submit>): Promise<Run> {
  const { id } = await submit(engine, ...what)
  return await untilRun(engine, id)
}

/** A run that goes on until it is cancelled. */
export async function begin(engine: Engine): Promise<Run> {
  const { id } = await submit(engine, 'slow', { seconds: 600 })
  return await untilRun(engine, id, isRunning)
}

export const statusOf = async (engine: Engine, { id }: Run): Promise<string> =>
  (await untilRun(engine, id)).status

const tampered =
  (urls: readonly string[], tamper: Tamper): typeof fetch =>
  async (input, init) => {
    const { origin, pathname } = new URL(String(input))
    const response = await fetch(input, init)
    const [, classType] = /^\/object_info\/(.+)$/.exec(pathname) ?? []
    if (!classType) return response
    const { [classType]: info } = (await response.json()) as any
    const changed = info && tamper(classType, info, urls.indexOf(origin))
    return Response.json(changed ? { [classType]: changed } : {})
  }

/** While `use` runs, the clock is ahead. */
export async function later<T>(ms: number, use: () => Promise<T>): Promise<T> {
  const clocks = [Date, performance].map((clock) => ({ clock, now: clock.now.bind(clock) }))
  for (const { clock, now } of clocks) clock.now = () => now() + ms
  try {
    return await use()
  } finally {
    for (const { clock, now } of clocks) clock.now = now
  }
}

/** How many runs each server was sent. */
export const spread = (comfies: readonly Comfy[]): number[] =>
  comfies.map(
    ({ requests }) => requests.filter(({ method, path }) => method === 'POST' && path === '/prompt').length,
  )

/** Uses the queue of a folder while no engine does. */
export async function withQueue(folder: string, use: (queue: RunQueue) => Promise<unknown>): Promise<void> {
  const queue = ofQueue(folderQueue({ folder }))
  await queue.open(() => {})
  await use(queue).finally(() => queue.close())
}

/** Lets a server have the first run that waits, if it has none ahead. */
export async function take(queue: RunQueue, server: string): Promise<void> {
  const { heads } = await queue.waiting()
  if (heads[0]) await queue.take(heads[0], heads, server)
}
