import type { Fault, FaultCall } from './fault.ts'
import { API, JSONS } from './operations.ts'
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
  'wrong-type': rewrite('the true answer as `image/png`', (text) => text, 'image/png'),
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

/** Only what would have been a result is spoiled. */
async function ifFound(
  perform: FaultCall['perform'],
  spoil: (answer: Response) => Promise<Response>,
): Promise<Response | undefined> {
  const answer = await perform()
  return answer.status === 200 ? await spoil(answer) : undefined
}

function rewrite(text: string, change: (text: string) => string, type = 'application/json'): Fault {
  return {
    text,
    operations: JSONS,
    play: ({ perform }) =>
      ifFound(perform, async (answer) => {
        const headers = { 'content-type': type }
        return new Response(change(await answer.clone().text()), { status: 200, headers })
      }),
  }
}

/** Types that no reader could take for the right ones. */
function mistype(value: unknown): unknown {
  if (typeof value === 'string') return false
  if (typeof value === 'number') return {}
  if (value === null || typeof value === 'boolean') return []
  if (Array.isArray(value)) return 'a list'
  return Object.fromEntries(Object.entries(value as object).map(([name, field]) => [name, mistype(field)]))
}
