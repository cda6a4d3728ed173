// Engines with a queue before several small ComfyUIs, in this process.
import { mkdtempSync, rmSync } from 'node:fs'
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
import type { RunQueue } from '../../../../../packages/gateway/src/queue/runQueue.ts'
import { type Comfy, type ComfyOptions, startComfy } from '../../../../comfyui/server/startComfy.ts'
import { until } from '../../../../support/until.ts'
import { files, never } from '../kit.ts'

/** Changes what a server tells of a class. */
export type Tamper = (classType: string, info: any, server: number) => any

export interface Servers {
  readonly comfies: readonly Comfy[]
  readonly lines: string[]
  readonly folder: string
  open(options?: Partial<ComfyuiOptions>, context?: Partial<EngineContext>, tamper?: Tamper): Engine
  /** Ends an engine as a kill would, but for its lock. */
  close(engine: Engine): Promise<void>
  submit(
    engine: Engine,
    id: string,
    values?: Record<string, Scalar | StoredFile>,
    groupId?: string | null,
  ): Promise<Run>
  /** Reads a run until it is as wanted. */
  until(engine: Engine, id: string, wanted?: (run: Run) => unknown): Promise<Run>
}

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
  const queues = new Map<Engine, RunQueue>()
  const lines: string[] = []
  const close: Servers['close'] = async (engine) => {
    const queue = queues.get(engine)
    queues.delete(engine)
    engine.close()
    await queue?.close()
  }
  try {
    await use({
      comfies,
      lines,
      folder,
      open(options = {}, context = {}, tamper) {
        const queue = folderQueue(folder)
        const urls = comfies.map(({ url }) => url)
        const fetch = tamper && tampered(urls, tamper)
        const engine = comfyui({ urls, ...(fetch && { fetch }), ...options })({
          workflows: files,
          inputHosts: [],
          log: (level, message) => void (level !== 'debug' && lines.push(`${level} ${message}`)),
          queue,
          ...context,
        })
        queues.set(engine, queue)
        return engine
      },
      close,
      async submit(engine, id, values = {}, groupId = null) {
        const draft = await engine.draft(id, never)
        return (await draft!.submit({ values, inputs: [], groupId, requestId: 'r' })).run
      },
      until: async (engine, id, wanted = ({ completedAt }) => completedAt !== null) =>
        (await until(
          () => engine.getRun(id),
          (run) => run && wanted(run),
        ))!,
    })
  } finally {
    await Promise.all([...queues.keys()].map(close))
    await Promise.all(comfies.map((comfy) => comfy.stop()))
    rmSync(folder, { recursive: true, force: true })
  }
}

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
  const { now } = Date
  Date.now = () => now() + ms
  try {
    return await use()
  } finally {
    Date.now = now
  }
}

/** How many runs each server was sent. */
export const spread = (comfies: readonly Comfy[]): number[] =>
  comfies.map(
    ({ requests }) => requests.filter(({ method, path }) => method === 'POST' && path === '/prompt').length,
  )
