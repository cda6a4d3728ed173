import { createHash } from 'node:crypto'
import type { InputItem, Inputs } from '@flowscale/client'

/** Gives the hash of a file's content, in hex. */
export type HashFile = (file: Blob) => Promise<string>

/** The SHA-256 of the names, the values and the content of files, in hex. */
export async function hashInputs(inputs: Inputs, hashFile: HashFile): Promise<string> {
  const all: unknown[] = []
  for (const [name, value] of Object.entries(inputs).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const items = (Array.isArray(value) ? value : [value]) as InputItem[]
    const told: unknown[] = []
    for (const item of items) told.push(await describe(item, hashFile))
    all.push([name, Array.isArray(value), told])
  }
  return createHash('sha256').update(JSON.stringify(all)).digest('hex')
}

/** Streams a file, so that none is held in memory. */
export async function hashBlob(file: Blob): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of file.stream() as unknown as AsyncIterable<Uint8Array>) hash.update(chunk)
  return hash.digest('hex')
}

async function describe(item: InputItem, hashFile: HashFile): Promise<unknown> {
  if (item instanceof Blob) {
    return ['file', (item as Blob & { name?: string }).name, item.type, await hashFile(item)]
  }
  return [typeof item, `${item}`]
}
