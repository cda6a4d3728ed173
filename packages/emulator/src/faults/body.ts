import { API, type Fault, type FaultCall, type FaultOperation, JSONS } from './fault.ts'
import { html } from './status.ts'

export type BodyFault =
  | 'truncated'
  | 'html'
  | 'empty'
  | 'bom'
  | 'wrong-type'
  | 'huge'
  | 'error-envelope'
  | 'missing-fields'
  | 'wrong-fields'
  | 'no-content'

const HUGE = 4 * 1024 * 1024

export const bodyFaults: Record<BodyFault, Fault> = {
  truncated: rewrite('200 with the first half of the JSON', (text) => text.slice(0, text.length >> 1)),
  html: {
    text: '200 with an HTML page, although the request was handled',
    operations: API,
    play: ({ perform }) => ifFound(perform, async () => html(200)),
  },
  empty: rewrite('200 with an empty body, although the request was handled', () => ''),
  bom: rewrite('the true answer after a byte order mark', (text) => `\ufeff${text}`),
  'wrong-type': rewrite('the true answer as `image/png`', (text) => text, { type: 'image/png' }),
  huge: rewrite('the true answer after 4 MiB of white space', (text) => ' '.repeat(HUGE) + text),
  'error-envelope': {
    text: '200 with `status: "error"`, and nothing was handled',
    operations: API,
    play: async () => Response.json({ status: 'error', errors: ['A fault of the emulator'], data: null }),
  },
  'missing-fields': rewrite('200 with `data: {}`, although the request was handled', () =>
    JSON.stringify({ status: 'success', data: {} }),
  ),
  'wrong-fields': rewrite('the true answer, with each field of `data` of another type', (text) => {
    const envelope = JSON.parse(text)
    return JSON.stringify({ ...envelope, data: mistype(envelope.data) })
  }),
  'no-content': {
    text: '204, although the request was handled; from `getOutput` at each attempt, so the output is never ready',
    operations: API,
    play: ({ perform }) => ifFound(perform, async () => new Response(null, { status: 204 })),
  },
}

export type StateFault = 'backwards' | 'unknown-state' | 'vanished' | 'no-url' | 'list-late'

/** A run, an output or a list, as far as a fault changes it. */
interface RunData {
  status?: string
  outputs?: { filename: string; url?: string }[]
  download_url?: string | null
  runs?: { created_at: string }[]
}

/** How long a late list lacks a run, in ms. */
const LATE_MS = 1500

export const stateFaults: Record<StateFault, Fault> = {
  backwards: rewriteData('a run that was further is `queued` again, without outputs', ['getRun'], (data) =>
    data.status === 'queued' ? undefined : { ...data, status: 'queued', outputs: [], progress: 0 },
  ),
  'unknown-state': rewriteData('the run is `warming_up`, a state that nobody knows', ['getRun'], (data) => ({
    ...data,
    status: 'warming_up',
    outputs: [],
  })),
  vanished: {
    text: '404, as if there were no such run',
    operations: ['getRun', 'getOutput', 'cancelRun', 'downloadOutput', 'connectEvents'],
    play: async () => Response.json({ status: 'error', errors: ['Run not found'] }, { status: 404 }),
  },
  'no-url': rewriteData('outputs without a URL; `download_url` is null', ['getRun', 'getOutput'], (data) => {
    if (data.download_url) return { ...data, download_url: null }
    if (!data.outputs?.length) return undefined
    return { ...data, outputs: data.outputs.map(({ filename }) => ({ filename })) }
  }),
  'list-late': rewriteData('the list lacks the runs of the last 1.5 seconds', ['getRuns'], (data) => {
    const runs = data.runs?.filter(({ created_at }) => Date.parse(created_at) <= Date.now() - LATE_MS)
    if (!runs || runs.length === data.runs?.length) return undefined
    return { ...data, runs, ...('count' in data && { count: runs.length }) }
  }),
}

/** Only a result is spoiled, never a refusal. */
async function ifFound(
  perform: FaultCall['perform'],
  spoil: (answer: Response) => Promise<Response | undefined>,
): Promise<Response | undefined> {
  const answer = await perform()
  return answer.status === 200 ? await spoil(answer) : undefined
}

/** Changes the body of a result; where `change` returns nothing, there is nothing to spoil. */
function rewrite(
  text: string,
  change: (body: string) => string | undefined,
  {
    operations = JSONS,
    type = 'application/json',
  }: Partial<Pick<Fault, 'operations'> & { type: string }> = {},
): Fault {
  return {
    text,
    operations,
    play: ({ perform }) =>
      ifFound(perform, async (answer) => {
        const body = change(await answer.clone().text())
        if (body === undefined) return undefined
        return new Response(body, { status: 200, headers: { 'content-type': type } })
      }),
  }
}

/** Changes the `data` of a result. */
function rewriteData(
  text: string,
  operations: readonly FaultOperation[],
  change: (data: RunData) => object | undefined,
): Fault {
  const changeBody = (body: string): string | undefined => {
    const envelope = JSON.parse(body)
    const data = change(envelope.data)
    return data && JSON.stringify({ ...envelope, data })
  }
  return rewrite(text, changeBody, { operations })
}

/** Types that no reader could take for the right ones. */
function mistype(value: unknown): unknown {
  if (typeof value === 'string') return false
  if (typeof value === 'number') return {}
  if (value === null || typeof value === 'boolean') return []
  if (Array.isArray(value)) return 'a list'
  return Object.fromEntries(Object.entries(value as object).map(([name, field]) => [name, mistype(field)]))
}
