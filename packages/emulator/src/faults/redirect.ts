import type { Fault, FaultCall } from './fault.ts'
import { API, HTTP } from './operations.ts'

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
