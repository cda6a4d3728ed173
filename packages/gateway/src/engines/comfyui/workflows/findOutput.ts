import { cleanName } from './cleanName.ts'
import { outputKind } from './outputKind.ts'
import { ownName } from './ownName.ts'
import type { FoundOutput, KnownNode } from './types.ts'

/** The output that a node has without a sidecar: each node that saves files is one. */
export function findOutput(known: KnownNode): FoundOutput | undefined {
  const kind = outputKind(known)
  if (!kind || !known.fields.has('filename_prefix')) return undefined
  const { class_type } = known.node
  const isOwn = class_type.startsWith('FSSave')
  const name = ownName(known)
  if (name) return { name, known, kind, why: isOwn ? `label of ${class_type}` : 'title' }
  const word = class_type === 'FSSaveText' ? 'text' : kind
  return { name: `${word}_${cleanName(known.id)}`, known, kind, why: isOwn ? class_type : 'save node' }
}
