import type { Server } from '../../../comfyui/api/client.ts'
import { putFile } from '../../../comfyui/api/files.ts'
import { NoAnswer } from '../server/NoAnswer.ts'

/** Copies an upload from one server to another, and gives its name there. */
export async function copyFile(
  from: Server,
  to: Server,
  name: string,
  prefix: string,
  signal: AbortSignal,
): Promise<string> {
  const path = name.split('/')
  const filename = path.pop()!
  const query = new URLSearchParams({ filename, subfolder: path.join('/'), type: 'input' })
  const { status, body } = await from.open(`/view?${query}`, { signal })
  if (status !== 200 || !body) throw new NoAnswer(`status ${status} for an upload`, true)
  return await putFile(to, prefix, { name: filename, type: '', body }, signal)
}
