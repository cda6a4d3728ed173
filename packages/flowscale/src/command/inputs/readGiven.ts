import { usageError } from '../errors.ts'
import type { Call } from '../program.ts'
import { readInputsFile } from './readInputsFile.ts'
import { readPairs } from './readPairs.ts'
import type { Given, Sources } from './types.ts'

/** The inputs of a command line. Its `name=value` words override the inputs of `--inputs`. */
export async function readGiven(
  words: readonly string[],
  { inputs }: Call['flags'],
  sources: Sources,
): Promise<Map<string, Given[]>> {
  const pairs = readPairs(words, process.cwd())
  // Before it is read: a person might type it for nothing.
  const readers = [...pairs].flatMap(([name, all]) => all.filter(isStdin).map(() => name))
  if (inputs === '-') readers.unshift('--inputs')
  if (readers.length > 1) throw usageError(`stdin can be read once, not for ${readers.join(' and ')}.`)
  if (inputs === undefined) return pairs
  return new Map([...(await readInputsFile(inputs as string, sources)), ...pairs])
}

const isStdin = (given: Given): boolean => 'text' in given && given.text === '-'
