import type { EngineContext } from '../../../engine.ts'
import { createMemory } from '../../../records/createMemory.ts'
import { createRecords } from '../../../records/createRecords.ts'
import { createStored } from '../../../records/createStored.ts'
import type { checkOptions } from '../checkOptions.ts'
import { createContainer } from '../createContainer.ts'
import { createWorkflows } from '../createWorkflows.ts'
import type { Comfy } from '../runs/types.ts'
import { createServer } from '../server/createServer.ts'
import { createUserdata } from '../server/createUserdata.ts'
import { createReadQueue } from '../server/readQueue.ts'
import { createWatcher } from '../watch/createWatcher.ts'
import { mirrorRecords } from './mirrorRecords.ts'
import type { RunRecords, Site } from './types.ts'

/** The servers. Each works by itself; only copies of records go from one to another. */
export function createSites(
  { urls, lostAfterMs, fetch }: ReturnType<typeof checkOptions>,
  context: EngineContext,
): Site[] {
  const { storage, log } = context
  const strangers = new Map<string, number>()
  const shared: RunRecords | undefined = storage && createRecords(createStored(storage), log)
  const places = urls.map((url) => {
    const server = createServer(url, fetch)
    return { server, own: shared ?? createRecords(createUserdata(server, log), log) }
  })
  return places.map((place, index): Site => {
    const { server, own } = place
    const others = places.filter((other) => other !== place)
    const comfy: Comfy = {
      server,
      records: shared || others.length === 0 ? own : mirrorRecords(place, others),
      readQueue: createReadQueue(server),
      taken: createMemory(5_000),
      progress: createMemory(5_000),
      lostAfterMs,
      strangers,
    }
    const [name, path] =
      others.length === 0 ? ['ComfyUI', 'comfyui'] : [`ComfyUI ${index + 1}`, `comfyui-${index + 1}`]
    return {
      ...comfy,
      own,
      workflows: createWorkflows(server, context),
      watcher: createWatcher(comfy),
      container: createContainer(comfy, name, path),
    }
  })
}
