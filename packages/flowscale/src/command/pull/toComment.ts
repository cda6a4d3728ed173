import stringWidth from 'string-width'
import { maxWidth } from './maxWidth.ts'

/**
 * A doc comment of paragraphs, as lines; none where there is nothing to say. Whatever the texts hold, the comment ends where
 * it should, and nothing in it is a tag or a directive to a tool.
 */
export function toComment(paragraphs: readonly string[], indent: string): string[] {
  const texts = paragraphs.map(clean).filter(Boolean)
  if (!texts.length) return []
  const line = `${indent}/** ${toSafe(texts.join(' '))} */`
  if (!texts.some((text) => text.includes('\n')) && texts.length === 1 && stringWidth(line) <= maxWidth)
    return [line]
  const lines = texts.join('\n\n').split('\n')
  const room = maxWidth - indent.length - 3
  const wrapped = lines.flatMap((text) => wrap(text, room)).map(toSafe)
  return [`${indent}/**`, ...wrapped.map((text) => `${indent} * ${text}`.trimEnd()), `${indent} */`]
}

/** Without what can't be seen; at most one empty line after another. */
function clean(text: string): string {
  return text
    .replace(/\r\n?|[\v\f\x85\u2028\u2029]/g, '\n')
    .replace(/[^\S\n]+/g, ' ')
    .replace(/(?!\n)\p{Cc}|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu, '')
    .replace(/\p{Surrogate}/gu, '\ufffd')
    .replace(/ ?\n ?/g, '\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
}

const toSafe = (line: string): string => line.replace(/\*\//g, '*\\/').replace(/(?<!\S)@/g, '\\@')

function wrap(text: string, room: number): string[] {
  const lines = ['']
  for (const word of text.split(' ')) {
    const line = lines.at(-1)!
    if (line && stringWidth(`${line} ${word}`) > room) lines.push(word)
    else lines[lines.length - 1] = line ? `${line} ${word}` : word
  }
  return lines
}
