import leven from 'leven'
import type { KnownNode } from '../../../comfyui/workflows/types.ts'

const MOST_SHOWN = 3

/** Names a choice of a node that the server does not have, such as a model, and similar choices that it has. */
export function sayLack({ id, title, fields }: KnownNode, name: string, value: unknown): string {
  const lack = `${name} ${JSON.stringify(value)} is not on this ComfyUI (node ${id}, ${JSON.stringify(title)})`
  const field = fields.get(name)
  if (field?.isEmptyList) return `${lack}, which has no ${name} at all`
  const known = (field?.options ?? []).map(String).filter((option) => option !== value)
  const near = nearest(String(value), known)
  if (near.length > 0) return `${lack}. Did you mean ${near.map((one) => JSON.stringify(one)).join(' or ')}?`
  const shown = known.slice(0, MOST_SHOWN).map((one) => JSON.stringify(one))
  const left = known.length - shown.length
  const last = left > 0 ? `${left} more` : shown.pop()
  if (last === undefined) return lack
  return `${lack}. It has ${shown.length > 0 ? `${shown.join(', ')} and ${last}` : last}`
}

function nearest(word: string, known: readonly string[]): string[] {
  const stem = stemOf(word)
  return known
    .map((name) => ({ name, stem: stemOf(name), distance: leven(stem, stemOf(name)) }))
    .filter((one) => one.distance <= Math.max(1, Math.floor(Math.max(stem.length, one.stem.length) * 0.4)))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, MOST_SHOWN)
    .map(({ name }) => name)
}

/** The name without folders, which differ between machines, and without the ending, which many names share. */
function stemOf(name: string): string {
  return name
    .toLowerCase()
    .replace(/^.*[/\\]/, '')
    .replace(/\.[a-z]\w*$/, '')
}
