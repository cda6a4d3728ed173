import { mkdir, realpath } from 'node:fs/promises'
import { dirname } from 'node:path'
import { writeWhole } from '../files.ts'

/** Writes a file whole or not at all, and makes its folder. A link stays one. */
export async function saveText(path: string, text: string): Promise<void> {
  const target = await realpath(path).catch(() => path)
  await mkdir(dirname(target), { recursive: true })
  await writeWhole(target, text)
}
