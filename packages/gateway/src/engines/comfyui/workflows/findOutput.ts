import { cleanName } from './cleanName.ts'
import { outputKind } from './outputKind.ts'
import { ownLabel } from './ownLabel.ts'
import { ownTitle } from './ownTitle.ts'
import type { FoundOutput, KnownNode } from './types.ts'

/** The output that a node has without a sidecar: each node that saves files is one. */
export function findOutput(known: KnownNode): FoundOutput | undefined {
  const { id, node, info, fields } = known
  const kind = outputKind(known)
  if (!kind || !fields.has('filename_prefix') || info?.output_node === false) return undefined
  const isOwn = node.class_type.startsWith('FSSave')
  const name = isOwn ? ownLabel(known) : ownTitle(known)
  if (name) return { name, known, kind, why: isOwn ? `label of ${node.class_type}` : 'title' }
  const word = node.class_type === 'FSSaveText' ? 'text' : kind
  return { name: `${word}_${cleanName(id)}`, known, kind, why: isOwn ? node.class_type : 'save node' }
}
