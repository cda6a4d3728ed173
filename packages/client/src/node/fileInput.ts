import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { toFile } from '../api/toFile.ts'
import type { NamedBlob } from '../types.ts'

/** Scaffold. */
export async function fileInput(path: string): Promise<NamedBlob> {
  return toFile(await readFile(path), basename(path))
}
