import { countOne } from './createLedger.ts'
import type { Pod } from './types.ts'

/** Notes in the ledger where a request carries the key. */
export function noteKeys(pod: Pod, url: string, headers: Headers, files = false): void {
  const { apiKey } = pod.settings
  const { keys } = pod.ledger
  const { pathname, search, searchParams } = new URL(url)
  const where = files ? 'the files' : 'the API'
  for (const [name, value] of headers) {
    if (!value.includes(apiKey)) continue
    if (name === 'x-api-key' && !files) keys.header++
    else countOne(keys.elsewhere, `header ${name} to ${where}`)
  }
  const inQuery = [...searchParams.values()].some((value) => value.includes(apiKey))
  if (inQuery || search.includes(apiKey))
    countOne(keys.elsewhere, `query of ${where}${files ? '' : pathname}`)
  if (pathname.includes(apiKey)) countOne(keys.elsewhere, `path to ${where}`)
}
