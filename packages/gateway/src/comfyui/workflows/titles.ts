import type { KnownNode } from './types.ts'

/** The labels that FlowScale's nodes have before somebody changes them. */
const PRESET = /^(Input|Output) (Text|Integer|Image|Video|Audio)$/
const LONGEST = 64

/**
 * The text that the workflow's author wrote on a node, or an empty text: FlowScale's nodes have labels, others titles. A
 * title that is the name of the class, also with brackets after it, is none.
 */
export function titleOf({ title, node, info }: KnownNode): string {
  if (/^FS(Load|Save)/.test(node.class_type)) {
    const { label } = node.inputs
    return typeof label === 'string' && !PRESET.test(label) ? label : ''
  }
  const classNames = [node.class_type, String(info?.display_name)].flatMap(spellingsOf)
  return spellingsOf(title).some((spelling) => classNames.includes(spelling)) ? '' : title
}

/** The letters and digits, with and without what stands in brackets at the end. */
const spellingsOf = (title: string): string[] =>
  [title, title.replace(/[([（【].*[)\]）】]\s*$/, '')].map((text) =>
    text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, ''),
  )

/**
 * Makes a name of letters and digits of any script, and `_`: `Positive prompt` gives `positive_prompt`. It is empty if the
 * title has none of them.
 */
export function cleanName(title: string): string {
  const words = title
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}]+/gu, '_')
  return [...words].slice(0, LONGEST).join('').replace(/^_|_$/g, '')
}

/** The name that earlier versions made of a node's title. Callers may still use it. */
export function earlierName(known: KnownNode): string {
  const { title, node, info } = known
  const isFlowScale = /^FS(Load|Save)/.test(node.class_type)
  const own = isFlowScale
    ? titleOf(known)
    : title === node.class_type || title === info?.display_name
      ? ''
      : title
  return own
    .slice(0, LONGEST)
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_|_$/g, '')
}
