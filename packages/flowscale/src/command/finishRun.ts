import { join, sep } from 'node:path'
import type { Client } from '@flowscale/client'
import { saveOutput } from '@flowscale/client/node'
import type { ResultOutput } from '@flowscale/client/poller'
import type { Delivered } from './run/types.ts'

interface Options {
  readonly signal: AbortSignal
  onSaved(saved: Delivered): void
}

/**
 * Saves outputs, one after the other, in an existing folder. If several have the same name, the second is saved in the
 * subfolder `2`, and so on. A failed output does not stop the others.
 *
 * @throws the reason of the signal
 */
export async function saveOutputs(
  client: Client,
  outputs: readonly ResultOutput[],
  folder: string,
  { signal, onSaved }: Options,
): Promise<{ saved: Delivered[]; failures: string[] }> {
  const saved: Delivered[] = []
  const failures: string[] = []
  const taken = new Map<string, number>()
  for (const output of outputs) {
    const { filename, download_url } = output
    const names = namesOf(output)
    const place = 1 + Math.max(...names.map((name) => taken.get(name) ?? 0))
    for (const name of names) taken.set(name, place)
    // A folder that ends so is made where it is missing.
    const target = place > 1 ? join(folder, `${place}`) + sep : folder
    try {
      const { path, bytes } = await saveOutput(client, output, target, { signal })
      const one = { filename, download_url, path, bytes }
      saved.push(one)
      onSaved(one)
    } catch (error) {
      signal.throwIfAborted()
      // The plain message: advice about the address and the key would not help here.
      failures.push(error instanceof Error ? error.message : `${error}`)
    }
  }
  return { saved, failures }
}

/**
 * The possible file names of an output, from its name and its link. Names that a file system may confuse get the same form:
 * cut, in small letters, with one character for everything that is no letter.
 */
function namesOf({ filename, download_url }: ResultOutput): string[] {
  const linked = download_url && URL.canParse(download_url) ? new URL(download_url).pathname : ''
  let last = linked.slice(linked.lastIndexOf('/') + 1)
  try {
    last = decodeURIComponent(last)
  } catch {}
  const names = [filename, last].filter(Boolean)
  return (names.length ? names : ['']).map((name) =>
    name
      .normalize('NFKC')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}.]+/gu, '_')
      .replace(/^[._]+|[._]+$/g, '')
      .slice(0, 60),
  )
}
