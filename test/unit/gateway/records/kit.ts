import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Storage } from '@flowscale/gateway'
import type { Ended } from '../../../../packages/gateway/src/comfyui/runRecord.ts'
import { recordPaths } from '../../../../packages/gateway/src/records/recordStore.ts'
import { endMark } from '../../../../packages/gateway/src/records/runIndex.ts'

/** A storage in memory, whose items a test may look at. */
export function createStorage(): Storage & { readonly items: Map<string, string> } {
  const items = new Map<string, string>()
  return {
    items,
    getItem: async (key) => items.get(key) ?? null,
    setItem: async (key, value) => void items.set(key, value),
    removeItem: async (key) => void items.delete(key),
    getKeys: async (base = '') => [...items.keys()].filter((key) => key.startsWith(base)),
  }
}

/** Writes the records of ended runs, as gateways leave them on a ComfyUI: marks in packs of 500, and the latest ones loose. */
export function seedRecords(comfyFolder: string, all: readonly Ended[]): void {
  const folder = join(comfyFolder, 'user/default/flowscale')
  for (const name of ['ended', 'groups/none']) mkdirSync(join(folder, name), { recursive: true })
  for (const ended of all) {
    writeFileSync(join(folder, recordPaths(ended.run.id).end), JSON.stringify(ended))
  }
  const packed = all.length - 500
  for (const ended of all.slice(packed)) writeFileSync(join(folder, 'groups/none', endMark(ended)), '1')
  for (let start = 0; start < packed; start += 500) {
    const names = all.slice(start, start + 500).map(endMark)
    writeFileSync(join(folder, `groups/none/pack_${start}.json`), JSON.stringify(names))
  }
}

/** A run that ended, with one file. */
export function endedOf(id: string, createdAt: number, groupId: string | null = null): Ended {
  return {
    run: { id, groupId, createdAt, workflowId: 'slow', shown: [], outputs: [], titles: {}, nodes: 3 },
    status: 'completed',
    error: null,
    startedAt: createdAt + 1,
    completedAt: createdAt + 2,
    files: [],
  }
}
