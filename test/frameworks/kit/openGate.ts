import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Gate {
  readonly url: string
  /** `GET /api/v1/runs/…` of each request that came. */
  readonly asked: string[]
  /** Holds the answers to executes back until the function that it gives is called. */
  hold(): () => void
  close(): Promise<void>
}

/** Stands before a pod: notes what is asked, and can hold back the answer to an execute. */
export async function openGate(pod: string): Promise<Gate> {
  const asked: string[] = []
  let held: Promise<void> | undefined
  const server = createServer((incoming, outgoing) => {
    const { method, url = '/', headers } = incoming
    const call = `${method} ${url.replace(/\?.*/, '')}`
    asked.push(call)
    const onward = request(pod + url, { method, headers }, async (answer) => {
      if (call === 'POST /api/v1/runs') await held
      outgoing.writeHead(answer.statusCode!, answer.headers)
      outgoing.flushHeaders()
      answer.pipe(outgoing)
    })
    onward.on('error', () => outgoing.destroy())
    outgoing.on('close', () => onward.destroy())
    incoming.pipe(onward)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    hold() {
      let release = () => {}
      held = new Promise((resolve) => {
        release = resolve
      })
      return () => {
        held = undefined
        release()
      }
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
