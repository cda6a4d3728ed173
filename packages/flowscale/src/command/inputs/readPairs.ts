import { usageError } from '../errors.ts'
import { suggest } from '../workflow.ts'
import type { Given } from './types.ts'

/** Reads the `name=value` words of a command line. A name may come more than once. The error lists all wrong words. */
export function readPairs(words: readonly string[], folder: string): Map<string, Given[]> {
  const given = new Map<string, Given[]>()
  const wrong: string[] = []
  for (const word of words) {
    const end = word.indexOf('=')
    if (end < 1) {
      wrong.push(word)
      continue
    }
    const name = word.slice(0, end)
    given.set(name, [...(given.get(name) ?? []), { text: word.slice(end + 1), folder }])
  }
  if (!wrong.length) return given
  const shown = wrong.map((word) => JSON.stringify(word)).join(', ')
  const near = wrong.length === 1 ? suggest(wrong[0]!, given.keys()) : ''
  const message = `${shown}: an input is name=value, name=@file or name=-.${near ? '' : ' Put quotes around words with spaces.'}${near}`
  throw usageError(message)
}
