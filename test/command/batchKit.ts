// A pod for batches: a small workflow whose output tells its inputs, and a folder.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEmulator, type Emulator, type EmulatorOptions } from '@flowscale/emulator'
import { serve } from '@flowscale/emulator/node'
import { CANARY } from '../support/canary.ts'

const encode = (text: string) => new TextEncoder().encode(text)

/** What the output of `echo` holds for a prompt; long enough to be cut in the middle. */
export const echoed = (prompt: string) => `${prompt}\n`.repeat(400)

const workflows: EmulatorOptions['workflows'] = [
  {
    id: 'ech0ech0ech0',
    name: 'Echo',
    description: 'Says what it was given',
    inputs: {
      prompt: { kind: 'string', required: false },
      seed: { kind: 'number', required: false },
      image: { kind: 'image', required: false },
    },
    outputs: { text: 'file' },
    async run({ prompt, seed, image }, { sleep }) {
      await sleep(1000)
      if (prompt === 'fail') throw new Error('It was asked to fail')
      const file = image ? new TextDecoder().decode((image as { data: Uint8Array }).data) : ''
      return { text: { data: encode(echoed(`${prompt} ${seed ?? ''}${file}`.trim())), type: 'text/plain' } }
    },
  },
  {
    id: 'tw0tw0tw0tw0',
    name: 'Two',
    description: 'Two outputs',
    inputs: { prompt: 'string' },
    outputs: { first: 'file', second: 'file' },
    run: ({ prompt }) => ({
      first: { data: encode(`first ${prompt}`), type: 'text/plain' },
      second: { data: encode(`second ${prompt}`), type: 'text/plain' },
    }),
  },
]

/** Told of a request when it came, and when its answer is there. It may answer a request that came. */
// biome-ignore lint/suspicious/noConfusingVoidType: most listeners answer nothing
export type Listener = (what: string, isAnswered: boolean) => Response | Promise<undefined> | void

export const refusal = (status: number): Response =>
  Response.json({ status: 'error', errors: [`Refused by ${status}`] }, { status })

/** With `hidesKeys`, health does not say that keys are kept, as on a pod. */
export async function batchPod(
  { hidesKeys, ...options }: EmulatorOptions & { hidesKeys?: boolean } = {},
  listener: Listener = () => {},
) {
  const emulator = createEmulator({ apiKey: CANARY, speed: 100, containers: 20, workflows, ...options })
  const folder = await mkdtemp(join(tmpdir(), 'flowscale-batch-'))
  const asked: string[] = []
  const handle: Emulator['handle'] = async (request, where) => {
    const { pathname, search } = new URL(request.url)
    const method = pathname.startsWith('/api/') ? request.method : 'FILE'
    const what = `${method} ${pathname}${search}`
    asked.push(what)
    const own = await listener(what, false)
    if (own) return own
    const answer = await emulator.handle(request, where)
    listener(what, true)
    if (hidesKeys) answer.headers.delete('x-idempotency')
    return answer
  }
  const server = await serve({ ...emulator, handle })
  const path = (name: string) => join(folder, name)
  return {
    emulator,
    folder,
    asked,
    url: server.url,
    env: { FLOWSCALE_API_URL: server.url, FLOWSCALE_API_KEY: CANARY },
    path,
    write: (name: string, text: string | Uint8Array) => writeFile(path(name), text),
    read: (name: string) => readFile(path(name), 'utf8'),
    list: async (name: string) => (await readdir(path(name))).sort(),
    lines: async (name: string) =>
      (await readFile(path(name), 'utf8'))
        .trim()
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
    async close() {
      emulator.close()
      await server.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

export type BatchPod = Awaited<ReturnType<typeof batchPod>>

/**
 * Starts what tests do when they are declared, some at a time: each start of a batch waits 5 s for runs of an earlier one,
 * and those waits are shared.
 */
export function startsEarly(declare: (name: string, run: () => Promise<void>) => void, most = 6) {
  const waiting: (() => void)[] = []
  let busy = 0
  return (name: string, run: () => Promise<void>) => {
    const turn = async () => {
      if (busy === most) await new Promise<void>((resolve) => waiting.push(resolve))
      else busy++
      try {
        await run()
      } finally {
        const next = waiting.shift()
        if (next) next()
        else busy--
      }
    }
    const ended = turn()
    // Its error is the test's.
    ended.catch(() => {})
    declare(name, () => ended)
  }
}

/** Runs `use` on a pod that is closed after it. */
export async function withPod(
  options: Parameters<typeof batchPod>[0],
  use: (pod: BatchPod) => Promise<void>,
  listener?: Listener,
): Promise<void> {
  const pod = await batchPod(options, listener)
  try {
    await use(pod)
  } finally {
    await pod.close()
  }
}
