import { API, type Fault, type FaultCall, HTTP } from './fault.ts'

export type StatusFault =
  | 'http-408'
  | 'http-425'
  | 'http-429-seconds'
  | 'http-429-date'
  | 'http-429-absurd'
  | 'http-429-negative'
  | 'http-429-garbage'
  | 'http-429-year'
  | 'http-500'
  | 'http-502-html'
  | 'http-503-early'
  | 'http-503-late'
  | 'http-504'

const YEAR_S = 31_536_000

export const statusFaults: Record<StatusFault, Fault> = {
  'http-408': refuse(408),
  'http-425': refuse(425),
  'http-429-seconds': tooMany('1', '429 with `Retry-After: 1`'),
  'http-429-date': tooMany(
    () => new Date(Date.now() + 1000).toUTCString(),
    '429 with a `Retry-After` that is a date within a second',
  ),
  'http-429-absurd': tooMany('9'.repeat(30), '429 with a `Retry-After` of thirty nines'),
  'http-429-negative': tooMany('-5', '429 with `Retry-After: -5`'),
  'http-429-garbage': tooMany('soon; q=0.5', '429 with a `Retry-After` that means nothing'),
  'http-429-year': tooMany(String(YEAR_S), '429 with a `Retry-After` of a year'),
  'http-500': refuse(500),
  'http-502-html': {
    text: '502 with the HTML page of a gateway, and nothing was handled',
    operations: HTTP,
    play: async () => html(502),
  },
  'http-503-early': refuse(503),
  'http-503-late': {
    text: '503 although the request was handled: after an execute, the run goes on',
    operations: HTTP,
    async play({ perform }) {
      await perform()
      return says(503)
    },
  },
  'http-504': {
    text: '504 with HTML from a gateway that gave up, although the request was handled',
    operations: HTTP,
    async play({ perform }) {
      await perform()
      return html(504)
    },
  },
}

export function html(status: number): Response {
  const page = `<!doctype html>\n<html><head><title>${status}</title></head><body><h1>nginx</h1></body></html>\n`
  return new Response(page, { status, headers: { 'content-type': 'text/html' } })
}

function says(status: number, headers: Record<string, string> = {}): Response {
  return Response.json({ detail: `A fault of the emulator: ${status}` }, { status, headers })
}

function refuse(status: number): Fault {
  return { text: `${status}, and nothing was handled`, operations: HTTP, play: async () => says(status) }
}

function tooMany(after: string | (() => string), text: string): Fault {
  const play = async (): Promise<Response> =>
    says(429, { 'retry-after': typeof after === 'string' ? after : after() })
  return { text, operations: HTTP, play }
}

export type RedirectFault = 'redirect-self' | 'redirect-elsewhere' | 'redirect-loop' | 'redirect-http'

export const redirectFaults: Record<RedirectFault, Fault> = {
  'redirect-self': redirect(
    '302 to the same address, and nothing was handled',
    302,
    ({ request }) => request.url,
  ),
  'redirect-elsewhere': {
    ...redirect('307 to the origin of the files, which notes the keys that come along', 307, (call) => {
      const { pathname, search } = new URL(call.request.url)
      return call.filesUrl + pathname + search
    }),
    operations: API,
  },
  'redirect-loop': redirect(
    '307 to the same address with `hop=1`, from there to `hop=2` and back',
    307,
    (call) => {
      const url = new URL(call.request.url)
      url.searchParams.set('hop', url.searchParams.get('hop') === '1' ? '2' : '1')
      return url.href
    },
  ),
  'redirect-http': redirect(
    '301 to the same address by `http:`, which matters behind `https:`',
    301,
    (call) => call.request.url.replace(/^https:/, 'http:'),
  ),
}

function redirect(text: string, status: number, to: (call: FaultCall) => string): Fault {
  return {
    text,
    operations: HTTP,
    play: async (call) => new Response(null, { status, headers: { location: to(call) } }),
  }
}
