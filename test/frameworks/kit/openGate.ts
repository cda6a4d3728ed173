import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Gate {
  readonly url: string
  /** `GET /api/v1/runs/…` of each request that came. */
  readonly asked: string[]
  /** Holds the answers to the executes of a group back until the function that it gives is called. */
  hold(groupId: string): () => void
  close(): Promise<void>
}

/** Stands before a pod: notes what is asked, and can hold back the answer to an execute. */
export async function openGate(pod: string): Promise<Gate> {
  const asked: string[] = []
  const held = new Map<string | null, Promise<void>>()
  const server = createServer((incoming, outgoing) => {
    const { method, url = '/', headers } = incoming
    const { pathname, searchParams } = new URL(url, pod)
    asked.push(`${method} ${pathname}`)
    const onward = request(pod + url, { method, headers }, async (answer) => {
      if (method === 'POST') await held.get(searchParams.get('group_id'))
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
    hold(groupId) {
      let release = () => {}
      const released = new Promise<void>((resolve) => {
        release = resolve
      })
      held.set(groupId, released)
      return () => {
        held.delete(groupId)
        release()
      }
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
