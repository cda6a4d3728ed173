import type { FaceOptions } from '../../http/types.ts'

/** A fresh signed URL of an output file. The signature does not cover the origin. */
export async function linkTo(
  { sign, urlTtlMs }: FaceOptions,
  runId: string,
  filename: string,
  filesUrl: string,
): Promise<string> {
  const pathname = `/generations/${encodeURIComponent(runId)}/${encodeURIComponent(filename)}`
  const expires = String(Math.ceil(Date.now() + urlTtlMs))
  return `${filesUrl}${pathname}?expires=${expires}&signature=${await sign(`${pathname}\n${expires}`)}`
}
