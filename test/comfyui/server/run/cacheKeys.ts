import { createHash } from 'node:crypto'
import { classes } from '../nodes/classes.ts'
import { toJson } from '../python/toJson.ts'
import type { Graph, Life } from '../types.ts'

/** Of each node that an output needs: its class, its inputs, what changed of its files, and the same of all before it. */
export function cacheKeys(life: Life, graph: Graph, outputs: readonly string[]): Map<string, string> {
  const keys = new Map<string, string>()
  const keyOf = (id: string): string => {
    const known = keys.get(id)
    if (known) return known
    const { class_type, inputs } = graph[id]!
    const shown = Object.entries(inputs)
      .map(([name, value]) => [name, isLink(value) ? [keyOf(value[0]), value[1]] : value])
      .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1))
    const changed = classes.get(class_type)!.changed?.(inputs, life) ?? null
    const key = createHash('sha256')
      .update(toJson([class_type, changed, shown]))
      .digest('hex')
    keys.set(id, key)
    return key
  }
  for (const output of outputs) keyOf(output)
  return keys
}

export const isLink = (value: unknown): value is [string, number] => Array.isArray(value)
