// Makes the servers of the cases for runtimes that can't, over HTTP. Node only.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { encode } from 'fast-png'
import { createLab, type OpenLab } from './createLab.ts'
import type { Report } from './runCases.ts'
import type { Seen } from './types.ts'

export interface Control {
  url: string
  /** The report of a row, when it comes. */
  report(row: string): Promise<Report>
  close(): Promise<void>
}

/** `files`: what else is served, by path. */
export async function serveControl(apiKey: string, files: Record<string, string>): Promise<Control> {
  const labs = new Map<number, { lab: OpenLab; scripts: (() => Promise<Seen[]>)[] }>()
  const rows = new Map<string, { promise: Promise<Report>; resolve: (report: Report) => void }>()
  const png = [...encode({ width: 2, height: 2, data: new Uint8Array(12).fill(200), channels: 3 })]
  let last = 0

  const row = (name: string) => {
    let known = rows.get(name)
    if (!known) {
      let resolve!: (report: Report) => void
      const promise = new Promise<Report>((done) => {
        resolve = done
      })
      known = { promise, resolve }
      rows.set(name, known)
    }
    return known
  }

  async function call({ id, method, args = [] }: { id: number; method: string; args?: any[] }) {
    if (method === 'open') {
      labs.set(++last, { lab: createLab(apiKey), scripts: [] })
      return last
    }
    const { lab, scripts } = labs.get(id)!
    switch (method) {
      case 'png':
        return png
      case 'pod':
        return lab.pod(args[0])
      case 'emulator':
        return lab.emulator(args[0])
      case 'closed':
        return lab.closed()
      case 'seen':
        return scripts[args[0]]!()
      case 'script': {
        const { url, seen } = await lab.script(args[0])
        return { url, place: scripts.push(seen) - 1 }
      }
      case 'close':
        labs.delete(id)
        return lab.close()
      default:
        throw new Error(`no such method: ${method}`)
    }
  }

  // Deno may use a connection that has been idle for long, just as Node's server closes it.
  const server = createServer({ keepAliveTimeout: 0 }, async (request, response) => {
    const { pathname, searchParams } = new URL(request.url!, 'http://control')
    response.setHeader('access-control-allow-origin', '*')
    const file = files[pathname]
    if (file !== undefined) {
      const type = pathname.endsWith('.js') ? 'text/javascript' : 'text/html'
      return response.setHeader('content-type', `${type}; charset=utf-8`).end(file)
    }
    let text = ''
    for await (const chunk of request) text += chunk
    try {
      if (pathname === '/done') {
        row(searchParams.get('row')!).resolve(JSON.parse(text))
        return response.end()
      }
      if (pathname !== '/call') return response.writeHead(404).end()
      return response.end(JSON.stringify((await call(JSON.parse(text))) ?? null))
    } catch (error) {
      return response.writeHead(500).end(String(error))
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    report: (name) => row(name).promise,
    async close() {
      server.close()
      server.closeAllConnections()
      await Promise.all([...labs.values()].map(({ lab }) => lab.close().catch(() => {})))
    },
  }
}
