// Reads ComfyUI's facts about node classes, each once for a piece of work.
import { isObject } from '../../options.ts'
import { within } from '../../runtime.ts'
import type { ClassInfo } from '../workflows/types.ts'
import { type ComfyClient, NoAnswer } from './client.ts'

/** Gives the server's facts about a class, `undefined` if it lacks the class. */
export type ReadClass = (type: string) => Promise<ClassInfo | undefined>

/** After this time, a class may have new choices, such as a model. */
const FRESH_MS = 3_000
/** The longest wait for a busy server, since earlier facts will do. */
const PATIENCE_MS = 500

/**
 * Makes a reader that asks for each class once, for a short piece of work. It uses the facts of earlier readers for three
 * seconds, and while the server does not answer. Facts that have not changed are the same object.
 */
export function createClasses(client: Pick<ComfyClient, 'read' | 'isAway'>): () => ReadClass {
  const known = new Map<string, { readonly info: ClassInfo; readonly text: string; at: number }>()

  async function ask(type: string): Promise<ClassInfo | undefined> {
    const infos = Object(await client.read(`/object_info/${encodeURIComponent(type)}`))
    const info = Object.hasOwn(infos, type) && isObject(infos[type]) ? infos[type] : undefined
    const [before, text] = [known.get(type), JSON.stringify(info)]
    if (info === undefined) known.delete(type)
    else if (before?.text === text) before.at = performance.now()
    else known.set(type, { info, text, at: performance.now() })
    return known.get(type)?.info
  }

  async function read(type: string): Promise<ClassInfo | undefined> {
    const before = known.get(type)
    if (!before) return await ask(type)
    if (performance.now() - before.at < FRESH_MS || client.isAway()) return before.info
    const asked = ask(type).catch((error) => {
      if (!(error instanceof NoAnswer)) throw error
    })
    await within(asked, PATIENCE_MS)
    return known.get(type)?.info
  }

  return () => {
    const round = new Map<string, Promise<ClassInfo | undefined>>()
    return (type) => {
      if (!round.has(type)) round.set(type, read(type))
      return round.get(type)!
    }
  }
}
