import type { Kind } from '../../engine.ts'
import { cleanName, titleOf } from './titles.ts'
import type { KnownNode, NamedOutput } from './types.ts'

/** The output that a node has without a sidecar: each node that saves files is one. */
export function findOutput(known: KnownNode): NamedOutput | undefined {
  const kind = outputKind(known)
  if (!kind || !known.fields.has('filename_prefix')) return undefined
  const { class_type } = known.node
  const author = cleanName(titleOf(known))
  const word = class_type === 'FSSaveText' ? 'text' : kind
  const name = author || `${word}_${cleanName(known.id)}`
  const isFlowScale = class_type.startsWith('FSSave')
  const [named, unnamed] = isFlowScale ? [`label of ${class_type}`, class_type] : ['title', 'save node']
  return { name, kind, node: known.id, why: author ? named : unnamed }
}

/** ComfyUI writes files of these types, and shows them in no answer. */
const SILENT = ['MODEL', 'CLIP', 'VAE', 'CLIP_VISION', 'CONTROL_NET', 'LORA_MODEL']

/** The kind of a save node's files, or `undefined` if the server does not show them. */
export function outputKind({ node: { class_type }, info }: KnownNode): Kind | undefined {
  if (class_type === 'FSSaveInteger' || info?.output_node === false) return undefined
  if (/video|webm|mp4/i.test(class_type)) return 'video'
  if (/audio/i.test(class_type)) return 'audio'
  const specs = Object.values({ ...info?.input?.required, ...info?.input?.optional })
  const types = specs.flatMap((spec) => (Array.isArray(spec) ? String(spec[0]).split(',') : []))
  if (types.some((type) => SILENT.includes(type))) return undefined
  if (types.includes('IMAGE') || types.includes('MASK')) return 'image'
  if (types.includes('VIDEO')) return 'video'
  return types.includes('AUDIO') ? 'audio' : 'file'
}
