import {
  createEmulator,
  type Dialect,
  type Emulator,
  type EmulatorOptions,
  type WorkflowDefinition,
} from '@flowscale/emulator'
import { serve } from '@flowscale/emulator/node'
import { assert } from '#test'
import { until } from '../../support/until.ts'

export const DIALECTS: Dialect[] = ['readme', 'openapi', 'python']
export const TRANSPORTS = ['emulator.fetch', 'http'] as const
export type Transport = (typeof TRANSPORTS)[number]

export interface Answer {
  status: number
  headers: Headers
  body: any
}

export interface Api {
  emulator: Emulator
  url: string
  filesUrl: string
  fetch: typeof fetch
  get(path: string, init?: RequestInit): Promise<Answer>
  post(path: string, body?: BodyInit | null, init?: RequestInit): Promise<Answer>
  /** Executes and gives the run's id in any dialect. */
  run(workflow: string, fields?: Fields, groupId?: string): Promise<string>
  state(id: string): Promise<Answer['body']>
  close(): Promise<void>
}

export type Fields = Record<string, string | Blob | (string | Blob)[]>

export function form(fields: Fields = {}): FormData {
  const data = new FormData()
  for (const [name, values] of Object.entries(fields)) {
    for (const value of [values].flat()) data.append(name, value)
  }
  return data
}

export async function open(transport: Transport, options: EmulatorOptions = {}): Promise<Api> {
  const emulator = createEmulator({ speed: Number.POSITIVE_INFINITY, ...options })
  const served = transport === 'http' ? await serve(emulator) : null
  const { url, filesUrl } = served ?? emulator
  const call = served ? fetch : emulator.fetch

  async function ask(path: string, init: RequestInit): Promise<Answer> {
    const headers = { 'X-API-KEY': emulator.apiKey, ...(init.headers as Record<string, string>) }
    const response = await call(url + path, { ...init, headers })
    const text = await response.text()
    const json = response.headers.get('content-type') === 'application/json'
    return { status: response.status, headers: response.headers, body: json ? JSON.parse(text) : text }
  }
  const get: Api['get'] = (path, init = {}) => ask(path, init)
  const post: Api['post'] = (path, body = null, init = {}) => ask(path, { ...init, method: 'POST', body })
  return {
    emulator,
    url,
    filesUrl,
    fetch: call,
    get,
    post,
    async run(workflow, fields, groupId) {
      const group = groupId === undefined ? '' : `&group_id=${encodeURIComponent(groupId)}`
      const { status, body } = await post(`/api/v1/runs?workflow_id=${workflow}${group}`, form(fields))
      assert.is(status, 200, JSON.stringify(body))
      return [body.data].flat()[0].run_id
    },
    async state(id) {
      return (await get(`/api/v1/runs/${id}`)).body.data
    },
    async close() {
      emulator.close()
      await served?.close()
    },
  }
}

export function ended(api: Api, id: string): Promise<Answer['body']> {
  return until(
    () => api.state(id),
    ({ status }) => status !== 'queued' && status !== 'running',
  )
}

export interface Gates {
  workflow: WorkflowDefinition
  /** Labels of the runs that have begun, in that order. */
  begun: string[]
  /** Lets a run end. */
  release(label: string): void
}

/** A workflow whose runs wait until the test releases them. */
export function gates(): Gates {
  const begun: string[] = []
  const waiting = new Map<string, () => void>()
  return {
    begun,
    release: (label) => waiting.get(label)?.(),
    workflow: {
      id: 'gate',
      name: 'Gate',
      description: 'Waits until it is released',
      inputs: { label: { kind: 'string', required: false } },
      outputs: { text: 'file' },
      async run({ label }, { progress, signal }) {
        begun.push(String(label))
        progress(0.5)
        await new Promise<void>((resolve, reject) => {
          waiting.set(String(label), resolve)
          signal.addEventListener('abort', () => reject(signal.reason))
        })
        return { text: { data: new TextEncoder().encode(`hello ${label}`), type: 'text/plain' } }
      },
    },
  }
}

export const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/
export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
export const OUTPUT_NAME = /^filename_prefix_[1-9]\d{4}_[A-Z0-9]{10}$/
