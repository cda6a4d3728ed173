import { setTimeout as pause } from 'node:timers/promises'
import { type Client, type ClientOptions, createClient, idempotencyWhereKept } from '@flowscale/client'
import { createEmulator, type Emulator, type EmulatorOptions, type WorkflowInputs } from '@flowscale/emulator'
import { serve } from '@flowscale/emulator/node'
import { createMcp, type Mcp, type McpOptions } from '@flowscale/mcp'
import { Client as Host, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { encode } from 'fast-png'
import { bundled } from '../../support/bundled.ts'
import { assertNoCanary, CANARY } from '../../support/canary.ts'
import { createRandom } from '../../support/random.ts'

/** What a call gave, read as a model reads it. */
export interface Told {
  readonly isError: boolean
  readonly texts: readonly string[]
  readonly text: string
  readonly links: readonly { uri: string; name: string; mimeType?: string; size?: number }[]
  readonly images: readonly { data: string; mimeType: string }[]
  /** Of the first text. */
  readonly runId: string
  readonly length: number
}

export type Era = 'auto' | 'legacy'
export const eras = ['auto', 'legacy'] as const
export const token = 'the-token-of-the-tests'

export interface Pod {
  readonly emulator: Emulator
  readonly url: string
  readonly client: Client
  /** The inputs of each run that was really made. */
  readonly seen: WorkflowInputs[]
  /** Ends the runs of the workflow `held`. */
  release(): void
  close(): Promise<void>
}

const string = { kind: 'string', required: false } as const
const image = { kind: 'image', required: false } as const

/** A picture that does not get smaller by compression. */
export function noise(side: number): Uint8Array {
  const random = createRandom(7)
  const data = Uint8Array.from({ length: side * side * 3 }, () => random() * 256)
  return encode({ width: side, height: side, channels: 3, data })
}
const small = noise(8)

/** An emulator over HTTP with workflows that note their inputs. */
export async function openPod(
  options: EmulatorOptions = {},
  ofClient: Partial<ClientOptions> = {},
): Promise<Pod> {
  const seen: WorkflowInputs[] = []
  let release = () => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  const about = { description: 'For a test', outputs: { picture: 'image' } } as const
  const text = (words: string) => ({ data: Buffer.from(words), type: 'text/plain' })
  const emulator = createEmulator({
    ...{ apiKey: CANARY, speed: Number.POSITIVE_INFINITY, containers: 8 },
    workflows: [
      {
        ...{ ...about, id: 'p4int', name: 'Paint a picture' },
        inputs: { prompt: string, image, many: { ...image, array: true }, request_key: string },
        async run(inputs) {
          seen.push(inputs)
          if (`${inputs.prompt}`.startsWith('slow')) await pause(300)
          if (inputs.prompt === 'fail') throw new Error('out of memory')
          return { picture: { data: inputs.prompt === 'large' ? noise(1000) : small, type: 'image/png' } }
        },
      },
      {
        ...{ ...about, id: 'h3ld', name: 'Held', inputs: { prompt: string } },
        async run(inputs, { signal, progress }) {
          seen.push(inputs)
          progress(0.5)
          await Promise.race([
            released,
            new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
          ])
          return { picture: { data: small, type: 'image/png' } }
        },
      },
      {
        ...{ ...about, id: 'm4ny', name: 'Many texts', inputs: {} },
        outputs: { texts: 'file' },
        run: () => ({
          texts: Array.from({ length: 30 }, (_, index) => text(`${index} "\u0001"`.repeat(9000))),
        }),
      },
    ],
    ...options,
  })
  const served = await serve(emulator)
  const client = createClient({
    ...{ baseUrl: served.url, apiKey: CANARY, retryDelayMs: 1, idempotency: idempotencyWhereKept() },
    ...ofClient,
  })
  return {
    ...{ emulator, url: served.url, client, seen, release },
    async close() {
      emulator.close()
      await served.close()
    },
  }
}

export interface Connected {
  readonly host: Host
  /** Of the command that the host started. */
  readonly pid: number | null | undefined
  call(name: string, args?: object, options?: object): Promise<Told>
  close(): Promise<void>
}

async function open(era: Era, transport: Parameters<Host['connect']>[0]): Promise<Connected> {
  const host = new Host(
    { name: 'test', version: '1' },
    era === 'auto' ? { versionNegotiation: { mode: 'auto' } } : {},
  )
  await host.connect(transport)
  return {
    host,
    pid: (transport as Partial<StdioClientTransport>).pid,
    async call(name, args = {}, options = {}) {
      const answer: any = await host.callTool({ name, arguments: { ...args } }, options)
      assertNoCanary(answer, 'a result')
      const of = (type: string) => answer.content.filter((block: any) => block.type === type)
      const texts: string[] = of('text').map(({ text }: any) => text)
      const [, runId = ''] = /Run ([\w-]+)/.exec(texts[0] ?? '') ?? []
      const { length } = JSON.stringify(answer)
      return {
        ...{ isError: answer.isError === true, texts, text: texts[0] ?? '', runId, length },
        ...{ links: of('resource_link'), images: of('image') },
      }
    },
    close: () => host.close(),
  }
}

/** A host over HTTP, in this process. */
export function overHttp(mcp: Pick<Mcp, 'fetch'>, era: Era = 'auto'): Promise<Connected> {
  const fetch: any = (url: URL, init: RequestInit) => mcp.fetch(new Request(url, init))
  const requestInit = { headers: { authorization: `Bearer ${token}` } }
  return open(
    era,
    new StreamableHTTPClientTransport(new URL('http://127.0.0.1:4191/mcp'), { fetch, requestInit }),
  )
}

/** A host that starts the command. */
export function overStdio(
  { url }: { url: string },
  args: readonly string[] = [],
  era: Era = 'legacy',
): Promise<Connected> {
  const env = { PATH: process.env.PATH!, FLOWSCALE_API_URL: url, FLOWSCALE_API_KEY: CANARY }
  const command = [bundled('packages/mcp/src/cli.ts'), ...args]
  return open(
    era,
    new StdioClientTransport({ command: process.execPath, args: command, env, stderr: 'pipe' }),
  )
}

export const mcpOf = (pod: Pod, options: McpOptions = {}): Mcp => createMcp(pod.client, { token, ...options })
