import type { FaultKind } from '../faults/table.ts'

/** The real events. Plain data, which grows as long as the emulator is used. */
export interface Ledger {
  /** Every run in the order of their starts, and the request that started it. */
  readonly runs: readonly {
    readonly runId: string
    readonly workflowId: string
    readonly groupId: string | null
    /** The header `x-request-id` of the answer, even if the answer was lost. */
    readonly requestId: string
  }[]
  /** How often each kind of fault happened. */
  readonly faults: Readonly<Partial<Record<FaultKind, number>>>
  /** How often whole files of a run were sent, by the id of the run. */
  readonly results: Readonly<Record<string, number>>
  /** The places of the key in requests. */
  readonly keys: {
    /** In `X-API-KEY` to the API, where it belongs. */
    readonly header: number
    /** Anywhere else in a URL or in headers: how often, by place. */
    readonly elsewhere: Readonly<Record<string, number>>
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** The ledger as the emulator writes it; users get it as a {@link Ledger}. */
export interface MutableLedger extends Ledger {
  readonly runs: Ledger['runs'][number][]
  readonly faults: Partial<Record<FaultKind, number>>
  readonly results: Record<string, number>
  readonly keys: Mutable<Ledger['keys']> & { readonly elsewhere: Record<string, number> }
}

export function createLedger(): MutableLedger {
  return { runs: [], faults: {}, results: {}, keys: { header: 0, elsewhere: {} } }
}

export function countOne(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1
}

/** Notes where a request carries the key. */
export function noteKeys(
  { keys }: MutableLedger,
  apiKey: string,
  { url, headers, files = false }: { url: string; headers: Headers; files?: boolean | undefined },
): void {
  const { pathname, search, searchParams } = new URL(url)
  const where = files ? 'the files' : 'the API'
  for (const [name, value] of headers) {
    if (!value.includes(apiKey)) continue
    // Clients of OpenAI send it so.
    const isHeader = name === 'x-api-key' || (name === 'authorization' && pathname.startsWith('/v1/'))
    if (isHeader && !files) keys.header++
    else countOne(keys.elsewhere, `header ${name} to ${where}`)
  }
  const inQuery = [...searchParams.values()].some((value) => value.includes(apiKey))
  if (inQuery || search.includes(apiKey))
    countOne(keys.elsewhere, `query of ${where}${files ? '' : pathname}`)
  if (pathname.includes(apiKey)) countOne(keys.elsewhere, `path to ${where}`)
}
