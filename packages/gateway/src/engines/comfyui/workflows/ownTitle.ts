import { cleanName } from './cleanName.ts'
import type { KnownNode } from './types.ts'

/** The name in a title that somebody changed, or an empty text. */
export function ownTitle({ title, node, info }: KnownNode): string {
  return title === node.class_type || title === info?.display_name ? '' : cleanName(title)
}
