import { createServer } from '../../../comfyui/api/client.ts'
import { createReadQueue } from '../../../comfyui/api/queue.ts'
import { createUserdata } from '../../../comfyui/api/userdata.ts'
import { createWorkflows } from '../../../comfyui/catalog.ts'
import { mirrorRecords } from '../../../comfyui/pool/createPool.ts'
import type { Comfy } from '../../../comfyui/runRecord.ts'
import { createWatcher } from '../../../comfyui/runs/monitor.ts'
import { createContainer } from '../../../comfyui/server.ts'
import type { EngineContext } from '../../../engine.ts'
import { createMemory } from '../../../lruCache.ts'
import { createRecords } from '../../../records/createRecords.ts'
import { createStored } from '../../../records/recordStore.ts'
import type { checkOptions } from '../checkOptions.ts'
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
