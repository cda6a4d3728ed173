import { request } from 'node:http'
import { listen } from '../../support/listen.ts'

/** Sends requests to each address in turn. Only a connection that is refused is tried elsewhere, as nothing was sent. */
export async function startBalancer(
  urls: readonly string[],
): Promise<{ url: string; close(): Promise<void> }> {
  let turn = 0
  return await listen((incoming, response) => {
    const at = turn++
    const pass = (tries: number): void => {
      const { host } = new URL(urls[(at + tries) % urls.length]!)
      const headers = { ...incoming.headers, host }
      const outgoing = request(
        `http://${host}${incoming.url}`,
        { method: incoming.method!, headers },
        (answer) => {
          response.writeHead(answer.statusCode!, answer.headers)
          answer.pipe(response)
          answer.on('error', () => response.destroy())
        },
      )
      outgoing.on('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'ECONNREFUSED' && tries + 1 < urls.length) return pass(tries + 1)
        const status = incoming.method === 'POST' ? 429 : 503
        if (error.code === 'ECONNREFUSED')
          return void response.writeHead(status, { 'retry-after': '1' }).end()
        response.destroy()
      })
      outgoing.on('socket', (socket) => {
        const send = (): void => void incoming.pipe(outgoing)
        if (socket.connecting) socket.once('connect', send)
        else send()
      })
    }
    pass(0)
  })
}
