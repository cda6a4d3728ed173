// Gateways before several small ComfyUIs, in this process.
import { suite } from '#test'
import { type ComfyuiOptions, comfyui } from '../../../../../packages/gateway/src/comfyui/comfyui.ts'
import type {
  Engine,
  EngineContext,
  Run,
  Scalar,
  StoredFile,
} from '../../../../../packages/gateway/src/engine.ts'
import { type Comfy, startComfy } from '../../../../comfyui/server/startComfy.ts'
import { until as untilRight } from '../../../../support/until.ts'
import { files, never } from '../kit.ts'

/** Changes what a server tells of a class. */
export type Tamper = (classType: string, info: any, server: number) => any

export interface Sites {
  readonly comfies: readonly Comfy[]
  readonly lines: string[]
  /** A gateway without a memory of what others did. */
  open(options?: Partial<ComfyuiOptions>, context?: Partial<EngineContext>, tamper?: Tamper): Engine
}

/** A suite whose cases each have so many servers. */
export function suiteWithSites(name: string, count: number) {
  const test = suite(name)
  return (title: string, run: (sites: Sites) => Promise<void>): void =>
    test(title, () => withSites(count, run))
}

async function withSites(count: number, use: (sites: Sites) => Promise<void>): Promise<void> {
  const comfies = await Promise.all(Array.from({ length: count }, () => startComfy({ version: '0.8.0' })))
  const engines: Engine[] = []
  const lines: string[] = []
  const open: Sites['open'] = (options = {}, context = {}, tamper) => {
    const urls = comfies.map(({ url }) => url)
    const tampered: typeof fetch = async (input, init) => {
      const { origin, pathname } = new URL(String(input))
      const response = await fetch(input, init)
      const [, classType] = /^\/object_info\/(.+)$/.exec(pathname) ?? []
      if (!classType) return response
      const { [classType]: info } = (await response.json()) as any
      const changed = tamper!(classType, info, urls.indexOf(origin))
      return Response.json(changed ? { [classType]: changed } : {})
    }
    const engine = comfyui({ urls, ...(tamper && { fetch: tampered }), ...options })({
      workflows: files,
      inputHosts: [],
      log: (level, message) => void lines.push(`${level} ${message}`),
      ...context,
    })
    engines.push(engine)
    return engine
  }
  try {
    await use({ comfies, lines, open })
  } finally {
    for (const engine of engines) engine.close()
    await Promise.all(comfies.map((comfy) => comfy.stop()))
  }
}

export async function submit(
  engine: Engine,
  id: string,
  values: Record<string, Scalar | StoredFile> = {},
  groupId: string | null = null,
): Promise<Run> {
  const draft = await engine.draft(id, never)
  return (await draft!.submit({ values, inputs: [], groupId, requestId: 'r' })).run
}

/** How many runs each server was sent. */
export const spread = (comfies: readonly Comfy[]): number[] =>
  comfies.map(
    ({ requests }) => requests.filter(({ method, path }) => method === 'POST' && path === '/prompt').length,
  )

/** Asks until the answer is as wanted; what fails is asked for again. */
export const until = <T>(ask: () => Promise<T>, isRight: (answer: T) => unknown = Boolean): Promise<T> =>
  untilRight(
    () => ask().catch(() => undefined),
    (answer) => answer !== undefined && isRight(answer),
  ) as Promise<T>
