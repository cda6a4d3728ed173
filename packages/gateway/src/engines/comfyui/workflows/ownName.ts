import type { KnownNode } from '../../../comfyui/workflows/types.ts'
import { cleanName } from './cleanName.ts'

/** The labels that FlowScale's nodes start with. */
const PRESET = /^(Input|Output) (Text|Integer|Image|Video|Audio)$/

/** The name that somebody gave to a node, or an empty text: a label of FlowScale's nodes, or else a title. */
export function ownName({ title, node, info }: KnownNode): string {
  if (/^FS(Load|Save)/.test(node.class_type)) {
    const { label } = node.inputs
    return typeof label === 'string' && !PRESET.test(label) ? cleanName(label) : ''
  }
  return title === node.class_type || title === info?.display_name ? '' : cleanName(title)
}
