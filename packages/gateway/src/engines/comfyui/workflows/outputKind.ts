import type { KnownNode } from '../../../comfyui/workflows/types.ts'
import type { Kind } from '../../../engine.ts'

/** Types whose save nodes write a file that no answer of ComfyUI shows. */
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
