import { createFlowscale, type FlowscaleProvider } from '@flowscale/ai-sdk'
import { type Client, type ClientOptions, createClient } from '@flowscale/client'
import { createEmulator, type Emulator, type EmulatorOptions, type WorkflowInputs } from '@flowscale/emulator'
import { serve } from '@flowscale/emulator/node'
import { encode } from 'fast-png'
import { CANARY } from '../../support/canary.ts'

export interface Studio {
  readonly emulator: Emulator
  readonly client: Client
  readonly v3: FlowscaleProvider<'v3'>
  readonly v4: FlowscaleProvider<'v4'>
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
export async function openStudio(
  options: EmulatorOptions = {},
  clientOptions: Partial<ClientOptions> = {},
): Promise<Studio> {
  const seen: WorkflowInputs[] = []
  let release = () => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  const base = { description: 'For a test' }
  const emulator = createEmulator({
    ...{ apiKey: CANARY, speed: Number.POSITIVE_INFINITY, containers: 8 },
    workflows: [
      {
        ...{ ...base, id: 'p4int', name: 'Paint', outputs: { image: 'image' } },
        inputs: {
          ...{ prompt: string, seed: number, width: number, height: number, size: string, ratio: string },
          ...{ image, second: image, many: { ...image, array: true }, mask: image, steps: number },
        },
        run(inputs) {
          seen.push(inputs)
          if (inputs.prompt === 'fail' || inputs.seed === 13) throw new Error('out of memory')
          return { image: { data: paint(inputs), type: 'image/png' } }
        },
      },
      {
        ...{ ...base, id: 'n0seed', name: 'No seed', inputs: { prompt: string } },
        outputs: { caption: 'file', first: 'image', second: 'image' },
        run: (inputs) => ({
          caption: { data: Buffer.from('a caption'), type: 'text/plain' },
          first: { data: paint(inputs), type: 'image/png' },
          second: { data: paint({ prompt: 'second' }), type: 'image/png' },
        }),
      },
      {
        ...{ ...base, id: 'h3ld', name: 'Held', inputs: { prompt: string, seed: number } },
        outputs: { image: 'image' },
        async run(inputs, { signal }) {
          seen.push(inputs)
          const aborted = new Promise((_, reject) =>
            signal.addEventListener('abort', () => reject(signal.reason)),
          )
          // One of several that are not held.
          if (inputs.seed !== 1) await Promise.race([released, aborted])
          return { image: { data: paint(inputs), type: 'image/png' } }
        },
      },
      {
        ...{ ...base, id: 'cl1p', name: 'Clip', outputs: { video: 'video' } },
        inputs: {
          ...{ prompt: string, seed: number, resolution: string, width: number, height: number },
          ...{
            duration: number,
            fps: number,
            image,
            lastFrame: image,
            references: { ...image, array: true },
          },
        },
        async run(inputs, { signal }) {
          seen.push(inputs)
          if (inputs.prompt === 'fail' || inputs.seed === 13) throw new Error('out of memory')
          const aborted = new Promise((_, reject) =>
            signal.addEventListener('abort', () => reject(signal.reason)),
          )
          if (inputs.prompt === 'hold') await Promise.race([released, aborted])
          return { video: { data: clip(inputs.seed), type: 'video/mp4' } }
        },
      },
    ],
    ...options,
  })
  const served = await serve(emulator)
  const client = createClient({
    ...{ baseUrl: served.url, apiKey: CANARY, retryDelayMs: 1 },
    ...clientOptions,
  })
  return {
    ...{ emulator, client, seen, release },
    v3: createFlowscale(client),
    v4: createFlowscale(client, { specification: 'v4' }),
    state: (runId = emulator.ledger.runs[0]?.runId) => emulator.stateOf(runId!)?.status,
    async close() {
      emulator.close()
      await served.close()
    },
  }
}
