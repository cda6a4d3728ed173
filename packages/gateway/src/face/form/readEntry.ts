import type { Draft, Scalar, StoredFile } from '../../engine.ts'
import { InputError, type Problem } from '../../engineErrors.ts'
import type { Part } from '../../http/form/multipart.ts'
import { readFileText } from '../../http/form/readFile.ts'
import { checkText } from '../../http/form/readInput.ts'
import type { FoundInput } from './findInput.ts'
import { storeFile } from './storeFile.ts'

export type Entry =
  | { readonly value: Scalar | StoredFile; readonly shown: Scalar }
  | { readonly problems: readonly Problem[] }

/** Reads one part of a form for the input that it is for. Files go to the engine at once. */
export async function readEntry(
  draft: Draft,
  { name, input }: FoundInput,
  part: Part,
  readText: (chunks: AsyncIterable<Uint8Array>) => Promise<string>,
): Promise<Entry> {
  const { name: key, file, body } = part
  const { kind } = input
  try {
    if (kind === 'string' || kind === 'number' || kind === 'boolean') {
      // No number and no boolean is empty: a file gets the same problem.
      const checked =
        file && kind === 'string'
          ? { msg: 'Input should be a valid string', type: 'string_type' }
          : checkText(input, file ? '' : await readText(body))
      if ('value' in checked) return { value: checked.value, shown: checked.value }
      return { problems: [{ loc: ['body', key], ...checked }] }
    }
    if (file) return await storeFile(draft, name, file, body)
    return await readFileText(draft, { name, kind, key }, body, readText)
  } catch (error) {
    if (error instanceof InputError) return { problems: error.problems }
    throw error
  }
}
