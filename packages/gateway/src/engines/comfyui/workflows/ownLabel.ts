import { cleanName } from './cleanName.ts'
import type { KnownNode } from './types.ts'

/** What each of FlowScale's nodes starts with. */
const PRESET = /^(Input|Output) (Text|Integer|Image|Video|Audio)$/

/** The name in the label of one of FlowScale's nodes, or an empty text. */
export function ownLabel({ node: { inputs } }: KnownNode): string {
  return typeof inputs.label === 'string' && !PRESET.test(inputs.label) ? cleanName(inputs.label) : ''
}
