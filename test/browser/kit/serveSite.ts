import { getRequestListener } from '@hono/node-server'
import { listen } from '../../support/listen.ts'

/** Each by its path: its type, and its text. */
export type Files = Record<string, readonly [type: string, text: string]>

/** Serves files, and hands the rest to a handler. */
export async function serveSite(files: Files, handler: (request: Request) => Response | Promise<Response>) {
  let open = 0
  const answer = getRequestListener(handler, { overrideGlobalObjects: false })
  const { url, close } = await listen((request, response) => {
    const file = files[request.url!.split('?')[0]!]
    if (file) return void response.setHeader('content-type', file[0]).end(file[1])
    open++
    response.on('close', () => open--)
    return void answer(request, response)
  })
  return {
    url: `${url}/`,
    /** How many requests are not answered to the end. */
    open: () => open,
    close,
  }
}
