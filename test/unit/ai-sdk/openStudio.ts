import { createFlowscale, type FlowscaleProvider, type ImageSettings } from '@flowscale/ai-sdk'
import { type Client, type ClientOptions, createClient } from '@flowscale/client'
import {
  createEmulator,
  type Emulator,
  type EmulatorOptions,
  type FaultKind,
  type FaultOperation,
  type FaultOptions,
  type FaultRequest,
  type WorkflowInputs,
} from '@flowscale/emulator'
import { serve } from '@flowscale/emulator/node'
import { generateImage } from 'ai'
import { encode } from 'fast-png'
import { said, suite } from '#test'
import { CANARY } from '../../support/canary.ts'

Object.assign(globalThis, { AI_SDK_LOG_WARNINGS: false })

interface Providers {
  readonly v3: FlowscaleProvider<'v3'>
  readonly v4: FlowscaleProvider<'v4'>
}

interface Studio extends Providers {
  readonly emulator: Emulator
  readonly client: Client
  /** Providers whose client has other options. */
  connect(options: Partial<ClientOptions>): Providers
  /** Which requests meet a fault. */
  plan: NonNullable<FaultOptions['plan']>
  /** Sets the plan: the requests of an operation meet a fault, or those of them that `meets` picks. */
  spoil(operation: FaultOperation, kind: FaultKind, meets?: (request: FaultRequest) => boolean): void
  /** How many runs there are. */
  started(): number
  /** The inputs of each run, in the order of their starts. */
  readonly seen: WorkflowInputs[]
  /** Ends runs of `held`. */
  release(): void
  /** The state of a run, or of the one run that there is. */
  state(runId?: string): string | undefined
  close(): Promise<void>
}

/** A small picture that its inputs decide about. */
export function paint(inputs: WorkflowInputs): Uint8Array {
  const text = JSON.stringify([inputs.prompt, inputs.seed, inputs.width])
  const data = Uint8Array.from({ length: 48 }, (_, index) => text.charCodeAt(index % text.length))
  return encode({ width: 4, height: 4, channels: 3, data })
}

/** The first bytes of an MP4, which is what the AI SDK knows one by. */
export const clip = (seed: unknown): Uint8Array =>
  Uint8Array.from([0, 0, 0, 24, ...Buffer.from(`ftypisom${seed}`)])

const string = { kind: 'string', required: false } as const
const number = { kind: 'number', required: false } as const
const image = { kind: 'image', required: false } as const

/** A local FlowScale by HTTP, with workflows that note their inputs, and providers over it. */
export async function openStudio(options: EmulatorOptions = {}): Promise<Studio> {
  const seen: WorkflowInputs[] = []
  let release = () => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  const held = (signal: AbortSignal) =>
    Promise.race([
      released,
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    ])
  const note = (inputs: WorkflowInputs) => {
    seen.push(inputs)
    if (inputs.prompt === 'fail' || inputs.seed === 13) throw new Error('out of memory')
  }
  const about = { description: 'For a test' }
  const emulator = createEmulator({
    ...{ apiKey: CANARY, speed: Number.POSITIVE_INFINITY, containers: 8 },
    faults: { plan: (request) => studio.plan(request) },
    workflows: [
      {
        ...{ ...about, id: 'p4int', name: 'Paint', outputs: { image: 'image' } },
        inputs: {
          ...{ prompt: string, seed: number, width: number, height: number, size: string, ratio: string },
          ...{ image, second: image, many: { ...image, array: true }, mask: image, steps: number },
        },
        run(inputs) {
          note(inputs)
          return { image: { data: paint(inputs), type: 'image/png' } }
        },
      },
      {
        ...{ ...about, id: 'n0seed', name: 'No seed', inputs: { prompt: string } },
        outputs: { caption: 'file', first: 'image', second: 'image' },
        run: (inputs) => ({
          caption: { data: Buffer.from('a caption'), type: 'text/plain' },
          first: { data: paint(inputs), type: 'image/png' },
          second: { data: paint({ prompt: 'second' }), type: 'image/png' },
        }),
      },
      {
        ...{ ...about, id: 'h3ld', name: 'Held', inputs: { prompt: string, seed: number } },
        outputs: { image: 'image' },
        async run(inputs, { signal }) {
          note(inputs)
          // One of several that are not held.
          if (inputs.seed !== 1) await held(signal)
          return { image: { data: paint(inputs), type: 'image/png' } }
        },
      },
      {
        ...{ ...about, id: 'cl1p', name: 'Clip', outputs: { video: 'video' } },
        inputs: {
          ...{ prompt: string, seed: number, resolution: string, width: number, height: number },
          ...{ duration: number, fps: number },
          ...{ image, lastFrame: image, references: { ...image, array: true } },
        },
        async run(inputs, { signal }) {
          note(inputs)
          if (inputs.prompt === 'hold') await held(signal)
          return { video: { data: clip(inputs.seed), type: 'video/mp4' } }
        },
      },
    ],
    ...options,
  })
  const served = await serve(emulator)
  const base = { baseUrl: served.url, apiKey: CANARY, retryDelayMs: 1 }
  const provide = (client: Client): Providers => ({
    v3: createFlowscale(client),
    v4: createFlowscale(client, { specification: 'v4' }),
  })
  const client = createClient(base)
  const studio: Studio = {
    ...{ emulator, client, seen, release },
    ...provide(client),
    connect: (options) => provide(createClient({ ...base, ...options })),
    plan: () => undefined,
    spoil(at, kind, meets = () => true) {
      studio.plan = (request) => (request.operation === at && meets(request) ? kind : undefined)
    },
    started: () => emulator.ledger.runs.length,
    state: (runId = emulator.ledger.runs[0]?.runId) => emulator.stateOf(runId!)?.status,
    async close() {
      emulator.close()
      await served.close()
    },
  }
  return studio
}

/** The studio of the case that runs. */
export let studio: Studio

/** A suite whose cases have a studio each. */
export function suiteWithStudio(name: string): ReturnType<typeof suite> {
  const test = suite(name)
  test.before.each(async () => {
    studio = await openStudio()
  })
  test.after.each(() => studio.close())
  return test
}

export const map = { prompt: 'prompt', seed: 'seed' } as const

type ImageCall = Parameters<typeof generateImage>[0]

/** A call of the AI SDK for an image of a fox. */
export const generate = (
  call: Partial<ImageCall> = {},
  settings: ImageSettings = {},
  workflow = 'p4int',
): ReturnType<typeof generateImage> =>
  generateImage({
    ...{ model: studio.v3.image(workflow, { map, ...settings }), prompt: 'a fox' },
    ...call,
  })

/** Holds what warnings say against `messages.txt`, without ids of runs, and gives it. */
export const messagesOf = (warnings: readonly object[]): string[] =>
  warnings.map((warning) => {
    const { message, details } = warning as { message?: string; details?: string }
    const text = (message ?? details)!
    said(text.replace(/[0-9a-f]{8}(-[0-9a-f]+){4}/g, 'RUN'))
    return text
  })

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
