import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { WebSocket } from 'ws'
import { assert, suite } from '#test'
import { type ComfyuiOptions, comfyui } from '../../../../packages/gateway/src/comfyui/comfyui.ts'
import type {
  Engine,
  EngineContext,
  Run,
  RunsQuery,
  Scalar,
  StoredFile,
  WorkflowFile,
} from '../../../../packages/gateway/src/engine.ts'
import { type Comfy, type ComfyOptions, startComfy } from '../../../comfyui/server/startComfy.ts'
import type { ComfyVersion } from '../../../comfyui/server/versions.ts'
import { rejection } from '../../../support/fakes.ts'
import { withGlobals } from '../../../support/setGlobals.ts'

export const VERSIONS: readonly ComfyVersion[] = ['0.3.64', '0.8.0']
export const WORKFLOWS = fileURLToPath(new URL('../../../comfyui/workflows/', import.meta.url))

type Nodes = Record<string, [class_type: string, inputs: Record<string, unknown>, title?: string]>

export function graphOf(nodes: Nodes): WorkflowFile['graph'] {
  return Object.fromEntries(
    Object.entries(nodes).map(([id, [class_type, inputs, title]]) => [
      id,
      { class_type, inputs, ...(title && { _meta: { title } }) },
    ]),
  )
}

const image = ['EmptyImage', { width: 8, height: 8, batch_size: 1, color: 255 }] as Nodes[string]
const save = (from: string): Nodes[string] => [
  'SaveImage',
  { images: [from, 0], filename_prefix: 'made' },
  'Result',
]

/** A picture after `seconds`, which a caller sets. */
const sleeper = (inputs: object): WorkflowFile['graph'] =>
  graphOf({
    1: image,
    2: [
      'TestSleep',
      { image: ['1', 0], seconds: 1, fail: false, cooperative: true, seed: 0, ...inputs },
      'Slow',
    ],
    3: save('2'),
  })

const sidecar = {
  inputs: { seconds: { node: '2', input: 'seconds' }, seed: { node: '2', input: 'seed' } },
  outputs: { picture: { node: '3' } },
}

export const files: readonly WorkflowFile[] = [
  { name: 'slow', graph: sleeper({}), sidecar },
  { name: 'deaf', graph: sleeper({ cooperative: false }), sidecar },
  { name: 'failing', graph: sleeper({ fail: true }), sidecar },
  {
    name: 'batch',
    graph: graphOf({ 1: ['EmptyImage', { width: 8, height: 8, batch_size: 3, color: 1 }], 3: save('1') }),
    sidecar: { outputs: { picture: { node: '3' } } },
  },
  {
    name: 'text',
    graph: graphOf({
      1: ['FSLoadText', { default_value: 'héllo', label: 'words' }],
      2: ['FSSaveText', { text: ['1', 0], filename_prefix: 'said', label: 'said' }],
    }),
  },
  {
    name: 'copy',
    graph: graphOf({ 1: ['LoadImage', { image: 'example.png' }], 3: save('1') }),
    sidecar: { inputs: { photo: { node: '1', input: 'image' } }, outputs: { picture: { node: '3' } } },
  },
]

export interface Setup {
  comfy: Comfy
  engine: Engine
  lines: string[]
  /** Another gateway before the same server, without a memory of what this one did. */
  another(context?: Partial<EngineContext>, options?: Partial<ComfyuiOptions>): Engine
  submit(
    workflow: string,
    values?: Record<string, Scalar | StoredFile>,
    more?: { groupId?: string; by?: Engine },
  ): Promise<Run>
  /** Reads a run until it is as wanted. */
  until(id: string, wanted: (run: Run) => boolean, by?: Engine): Promise<Run>
}

/** A caller tries again later, and sees no address. Which connection fails first, and how, is chance. */
export async function refused(promise: Promise<unknown>, status = 503): Promise<void> {
  const { name, message, ...fields } = await rejection(promise)
  assert.equal([name, fields.status, fields.retryAfterS], ['EngineError', status, 5])
  assert.not.match(message, /127\.0\.0\.1|localhost/)
}

/** The latest runs. */
export const PAGE: RunsQuery = {
  groupId: null,
  sortBy: 'created_at',
  sortOrder: 'desc',
  offset: 0,
  limit: 100,
}

/** Gives the WebSockets that are opened meanwhile. */
export function withSockets(use: (opened: readonly WebSocket[]) => Promise<void>): Promise<void> {
  const opened: WebSocket[] = []
  class Kept extends WebSocket {
    constructor(url: string) {
      super(url)
      opened.push(this)
    }
  }
  return withGlobals({ WebSocket: Kept }, () => use(opened))
}

export const isOver = ({ completedAt }: Run): boolean => completedAt !== null
export const isRunning = ({ status }: Run): boolean => status === 'running'

interface Options {
  comfy?: Partial<ComfyOptions>
  context?: Partial<EngineContext>
  engine?: Partial<ComfyuiOptions>
}

/** A suite whose cases run on each version, with a server of their own. */
export function suiteOnComfy(
  name: string,
  versions: readonly ComfyVersion[] = VERSIONS,
  options: Options = {},
) {
  const test = suite(name)
  return (title: string, run: (setup: Setup, version: ComfyVersion) => Promise<void>): void => {
    for (const version of versions) test(`${title} (${version})`, () => withComfy(version, options, run))
  }
}

async function withComfy(
  version: ComfyVersion,
  options: Options,
  use: (setup: Setup, version: ComfyVersion) => Promise<void>,
): Promise<void> {
  const comfy = await startComfy({ version, ...options.comfy })
  const engines: Engine[] = []
  const lines: string[] = []
  const another: Setup['another'] = (context, more) => {
    const made = comfyui({ url: comfy.url, ...options.engine, ...more })({
      workflows: files,
      inputHosts: [],
      log: (level, message) => void lines.push(`${level} ${message}`),
      ...options.context,
      ...context,
    })
    engines.push(made)
    return made
  }
  const engine = another()
  try {
    const submit: Setup['submit'] = async (id, values = {}, { groupId = null as any, by = engine } = {}) => {
      const draft = await by.draft(id, never)
      if (!draft) throw new Error(`no workflow ${id}: ${lines.join()}`)
      return (await draft.submit({ values, inputs: [], groupId, requestId: 'r' })).run
    }
    const until: Setup['until'] = async (id, wanted, by = engine) => {
      for (;;) {
        const run = await by.getRun(id)
        if (run && wanted(run)) return run
        if (run?.completedAt) throw new Error(`the run ended: ${run.status}, ${run.error}`)
        await wait(10)
      }
    }
    await use({ comfy, engine, lines, another, submit, until }, version)
  } finally {
    for (const made of engines) made.close()
    await comfy.stop()
  }
}

export const fileOf = (text: string | Uint8Array, name = 'a.png') => ({
  name,
  type: 'application/octet-stream',
  body: new Blob([text as BlobPart]).stream() as ReadableStream<Uint8Array>,
})

export const never = new AbortController().signal
