import { startWorker } from './run/startWorker.ts'
import type { Life } from './types.ts'
import { versions } from './versions.ts'

interface Settings {
  version: keyof typeof versions
  speed?: number
  maxUploadBytes?: number
  cacheNone?: boolean
  corsOrigin?: string
  globalInterrupt?: boolean
  without?: readonly string[]
}

/** The memory of a server that has just started. */
export function createLife(
  {
    version,
    speed = 1,
    maxUploadBytes = 104_857_600,
    cacheNone,
    corsOrigin,
    globalInterrupt,
    without,
  }: Settings,
  folder: string,
  calls: Pick<Life, 'crash' | 'performed' | 'moved'>,
): Life {
  const life: Life = {
    version: versions[version],
    folder,
    speed,
    maxUploadBytes,
    cacheNone: cacheNone ?? false,
    globalInterrupt: globalInterrupt ?? false,
    without: without ?? [],
    corsOrigin,
    end: new AbortController(),
    pending: [],
    running: [],
    history: new Map(),
    cache: new Map(),
    sockets: new Map(),
    counter: 0,
    interrupted: false,
    freeMemory: false,
    workerDead: false,
    clientId: undefined,
    lastNode: undefined,
    wake: () => {},
    ...calls,
  }
  startWorker(life)
  return life
}
