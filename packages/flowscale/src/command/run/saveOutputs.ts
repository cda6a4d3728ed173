import { join, sep } from 'node:path'
import type { Client } from '@flowscale/client'
import { saveOutput } from '@flowscale/client/node'
import type { ResultOutput } from '@flowscale/client/poller'
import type { Delivered } from './types.ts'

interface Options {
  readonly signal: AbortSignal
  onSaved(saved: Delivered): void
}

/**
 * Saves outputs, one after the other, in a folder that is there. Of several with the same name the second is saved in the
 * folder `2` of it, and so on. One that fails takes no other along.
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
      // As it is: advice about the address and the key would be of no use here.
      failures.push(error instanceof Error ? error.message : `${error}`)
    }
  }
  return { saved, failures }
}

/**
 * The names that the file of an output may get, its own and that of its link, in a form that is the same for names that
 * a file system may take for the same: cut, in small letters, with one stand-in for all that is no letter.
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
