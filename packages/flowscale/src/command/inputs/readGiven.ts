import type { Call } from '../types.ts'
import { readInputsFile } from './readInputsFile.ts'
import { readPairs } from './readPairs.ts'
import type { Given, Sources } from './types.ts'

/** The inputs of a command line: its `name=value` words, which go before those of `--inputs`. */
export async function readGiven(
  words: readonly string[],
  { inputs }: Call['flags'],
  sources: Sources,
): Promise<Map<string, Given[]>> {
  const pairs = readPairs(words, process.cwd())
  if (inputs === undefined) return pairs
  return new Map([...(await readInputsFile(inputs as string, sources)), ...pairs])
}
