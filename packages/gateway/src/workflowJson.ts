// The JSON of ComfyUI: its two formats, and numbers that JavaScript can't hold.
import { isObject } from './options.ts'

/** Whether a value is in the format of the editor. */
export const isEditorFile = (value: unknown): boolean => isObject(value) && Array.isArray(value.nodes)

/** The most large numbers in a file, since each takes a microsecond. */
const MOST_LARGE = 100_000

/**
 * Parses JSON. A whole number that JavaScript can't hold exactly, such as a large seed, becomes a text, which ComfyUI
 * takes as well. The `NaN` of Python becomes null.
 */
export function parseJson(text: string): unknown {
  const plain = text.replace(/^\ufeff/, '')
  // Most files have none, and need no second look.
  if (!/\d{16}|NaN|Infinity/.test(plain)) return JSON.parse(plain)
  const token = /"|(?<![\d.eE+-])-?\d{16,}(?![\d.eE+-])|\bNaN\b|-?\bInfinity\b/g
  const parts: string[] = []
  let done = 0
  for (let found = token.exec(plain); found; found = token.exec(plain)) {
    const { 0: word, index } = found
    if (word === '"') {
      token.lastIndex = endOfText(plain, index + 1)
      continue
    }
    const isLarge = !/[NI]/.test(word)
    if (isLarge && Number.isSafeInteger(Number(word))) continue
    if (parts.length >= 2 * MOST_LARGE)
      throw new Error(`has more than ${MOST_LARGE} numbers that JavaScript can't hold`)
    parts.push(plain.slice(done, index), isLarge ? `"${word}"` : 'null')
    done = index + word.length
  }
  return JSON.parse(parts.join('') + plain.slice(done))
}

/** The place after the quote that ends a text. */
export function endOfText(json: string, from: number): number {
  for (let at = json.indexOf('"', from); at >= 0; at = json.indexOf('"', at + 1)) {
    let start = at
    while (json[start - 1] === '\\') start--
    if ((at - start) % 2 === 0) return at + 1
  }
  return json.length
}
