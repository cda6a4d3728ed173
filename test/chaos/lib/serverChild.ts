import { createEmulator, type FaultKind, type FaultOptions } from '../../../packages/emulator/src/index.ts'
import { type Served, serve } from '../../../packages/emulator/src/node.ts'
import { quick } from './quick.ts'
import type { ServerOptions } from './server.ts'

let emulator: ReturnType<typeof createEmulator>
let served: Served
let faults: FaultOptions
const hit = new Set<string>()

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
  return { ledger: emulator.ledger, hit: [...hit], requests: emulator.stats.requests }
}

process.on('message', async (question: Question) => process.send!(await answer(question)))
process.on('disconnect', () => process.exit())
