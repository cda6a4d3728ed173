import type { KnownNode, NamedOutput } from '../../../comfyui/workflows/types.ts'
import { cleanName } from './cleanName.ts'
import { outputKind } from './outputKind.ts'
import { ownName } from './ownName.ts'

/** The output that a node has without a sidecar: each node that saves files is one. */
export function findOutput(known: KnownNode): NamedOutput | undefined {
  const kind = outputKind(known)
  if (!kind || !known.fields.has('filename_prefix')) return undefined
  const { class_type } = known.node
  const isOwn = class_type.startsWith('FSSave')
  const own = ownName(known)
  const word = class_type === 'FSSaveText' ? 'text' : kind
  const name = own || `${word}_${cleanName(known.id)}`
  const why = own ? (isOwn ? `label of ${class_type}` : 'title') : isOwn ? class_type : 'save node'
  return { name, kind, node: known.id, why }
}
