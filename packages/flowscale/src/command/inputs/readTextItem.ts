import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { decodeText, whyNot } from '../files.ts'
import type { Sources } from './types.ts'

/** A text of a command line: the word itself, the content of `@file`, or stdin (`-`). `@@…` is a text that begins with `@`. */
export async function readTextItem(
  name: string,
  text: string,
  folder: string,
  { stdin }: Sources,
): Promise<string | { wrong: string }> {
  if (text.startsWith('@@')) return text.slice(1)
  if (text === '-') return stdin ? decode(await stdin(name), 'stdin') : { wrong: 'stdin is not read here' }
  if (!text.startsWith('@')) return text
  const path = text.slice(1)
  try {
    return decode(await readFile(resolve(folder, path || '.')), text)
  } catch (error) {
    return { wrong: `${text}: ${whyNot(error)}. A text that begins with @ is written @${text}` }
  }
}

/** The line break that editors and `echo` put at the end is no part of the text. */
function decode(bytes: Uint8Array, shown: string): string | { wrong: string } {
  const text = decodeText(bytes)
  return text === undefined ? { wrong: `${shown} is not UTF-8 text` } : text.replace(/\r?\n$/, '')
}
