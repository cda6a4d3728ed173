import type { Workflow } from '../../engine.ts'

export interface Entry {
  /** The key in the form: the input's name, or the numbered form of it. */
  key: string
  value: string | File
}

/** The entries of a form by input. Arrays come as the repeated key, as `name_0`, `name_1`, or both. */
export function groupEntries(
  workflow: Workflow,
  form: FormData,
): { entries: Map<string, Entry[]>; unknown: string[] } {
  const entries = new Map<string, Entry[]>()
  const numbered = new Map<string, { index: number; entry: Entry }[]>()
  const unknown = new Set<string>()

  for (const [key, value] of form) {
    if (workflow.inputs.has(key)) {
      push(entries, key, { key, value })
      continue
    }
    const [, name = '', digits = ''] = /^(.+)_(\d+)$/s.exec(key) ?? []
    if (workflow.inputs.get(name)?.array)
      push(numbered, name, { index: Number(digits), entry: { key, value } })
    else unknown.add(key)
  }
  for (const [name, items] of numbered) {
    items.sort((a, b) => a.index - b.index)
    for (const { entry } of items) push(entries, name, entry)
  }
  return { entries, unknown: [...unknown] }
}

function push<T>(map: Map<string, T[]>, key: string, item: T): void {
  const items = map.get(key)
  if (items) items.push(item)
  else map.set(key, [item])
}
