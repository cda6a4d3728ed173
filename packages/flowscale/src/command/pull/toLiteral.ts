import type { Scalar } from '../workflow.ts'
import { isIdentifier } from './identifiers.ts'

// What could hide in a text, or end it: control characters, line ends, directions of writing, halves of a pair.
const unprintable = /[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]|\p{Surrogate}/gu

/** A value as code, on one line, quoted as formatters do it: with the quote that needs fewer escapes. */
export function toLiteral(value: Scalar): string {
  if (typeof value !== 'string') return String(value)
  const count = (quote: string) => value.split(quote).length
  const quote = count("'") > count('"') ? '"' : "'"
  const inner = value.replace(/\\/g, '\\\\').replaceAll(quote, `\\${quote}`).replace(unprintable, toEscape)
  return quote + inner + quote
}

const toEscape = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`

/** The name of a property: quoted where it is no identifier. */
export const toKey = (name: string): string => (isIdentifier(name) ? name : toLiteral(name))
