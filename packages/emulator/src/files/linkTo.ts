import { sign } from '../internal/sign.ts'
import type { Pod, Run } from '../pod/types.ts'

/** A fresh signed URL of an output file. The signature does not cover the origin. */
export function linkTo(pod: Pod, run: Run, filename: string, filesUrl: string): string {
  const pathname = `/generations/${run.id}/${filename}`
  const expires = String(Math.ceil(Date.now() + pod.settings.urlTtlMs))
  const signature = sign(pod.settings.seed, pathname, expires)
  return `${filesUrl}${pathname}?expires=${expires}&signature=${signature}`
}
