import {
  createEmulator,
  type FaultKind,
  type FaultOptions,
  type WorkflowDefinition,
} from '@flowscale/emulator'
import { type Served, serve } from '@flowscale/emulator/node'
import { indexOf } from './executeCalls.ts'
import type { ServerOptions } from './server.ts'

let emulator: ReturnType<typeof createEmulator>
let served: Served
let faults: FaultOptions
const hit = new Set<string>()
const submits: Record<number, number> = {}

interface Question {
  start?: ServerOptions
  chance?: number
  kinds?: FaultKind[]
}

async function answer({ start, chance, kinds }: Question): Promise<object> {
  if (start) {
    const { noted = [], ...options } = start
    faults = {
      ...options.faults,
      // It is asked about each request, and leaves them all to chance.
      plan({ operation, target }) {
        if (operation !== 'executeWorkflow') return undefined
        const index = indexOf(new URLSearchParams(target.split('?')[1]).get('group_id'))
        submits[index] = (submits[index] ?? 0) + 1
        return undefined
      },
      onFault(kind, { target }) {
        if (noted.includes(kind)) hit.add(target)
      },
    }
    emulator = createEmulator({ ...options, workflows: [quick], faults })
    served = await serve(emulator)
    return { url: served.url, filesUrl: served.filesUrl }
  }
  if (chance !== undefined) {
    faults.chance = chance
    if (kinds) faults.kinds = kinds
    return {}
  }
  return { ledger: emulator.ledger, hit: [...hit], submits, requests: emulator.stats.requests }
}

process.on('message', async (question: Question) => process.send!(await answer(question)))
process.on('disconnect', () => process.exit())

/** Ends after `ms` as it is told to. */
const quick: WorkflowDefinition = {
  id: 'qu1ck',
  name: 'Quick',
  description: 'Ends soon, well or badly',
  inputs: {
    text: 'string',
    ms: { kind: 'number', required: false },
    end: { kind: 'string', required: false },
    file: { kind: 'file', required: false },
  },
  outputs: { text: 'file' },
  async run({ text, ms = 0, end }, { sleep, progress, signal }) {
    await sleep(Number(ms) / 2)
    progress(0.5)
    await sleep(Number(ms) / 2)
    if (end === 'failed') throw new Error('It was to fail')
    if (end === 'never') {
      await new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason))
      })
    }
    return { text: { data: new TextEncoder().encode(`got ${text}`), type: 'text/plain' } }
  },
}
