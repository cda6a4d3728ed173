import type { ClassInfo } from '../workflows/types.ts'
import type { Server } from './createServer.ts'

/** Asks what the server knows of a class, each class once. */
export function createReadClass(server: Server): (type: string) => Promise<ClassInfo | undefined> {
  const classes = new Map<string, ClassInfo | undefined>()
  return async (type) => {
    if (!classes.has(type)) {
      const path = `/object_info/${encodeURIComponent(type)}`
      const infos = (await server.read(path)) as Record<string, ClassInfo>
      classes.set(type, Object.hasOwn(infos, type) ? infos[type] : undefined)
    }
    return classes.get(type)
  }
}
