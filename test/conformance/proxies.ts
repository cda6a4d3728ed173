import { equal, ok } from './assert.ts'
import { type Case, type Context, one } from './types.ts'

const origin = 'http://proxy.example'

const readme = { dialects: ['readme'] } as const
const bodies = { needs: ['Request.body'] } as const

/** A client without a key whose requests go through the proxy, as those of a page do. */
function through({ lib, client }: Context, permission: true | { groupId: string } = true) {
  const handler = lib.createProxyHandler(client, {
    basePath: '/api/flowscale',
    authorize: () => permission,
  })
  const fetch = (url: string, init: RequestInit) => {
    // Redirects have no meaning here, and not every runtime takes every mode.
    const { redirect: _, ...rest } = init
    return handler(new Request(url, rest))
  }
  return { handler, client: lib.createClient({ baseUrl: `${origin}/api/flowscale`, fetch }) }
}

/** The proxy, in the runtime itself. */
export const proxyCases: Case[] = [
  one('createProxyHandler', 'adds the key, and passes an answer', async (context) => {
    const { client } = through(context)
    equal((await context.lib.checkHealth(client)).data.length, context.containers, 'containers')
  }),
  one('createProxyHandler', 'a whole run through it', bodies, async (context) => {
    const { client } = through(context)
    const { lib } = context
    const { data } = await lib.executeWorkflow(client, 'quick', { text: 'dawn' })
    const run = await lib.waitForRun(client, data.run_id, { pollIntervalMs: 10 })
    equal(run.status, 'completed', 'status')
  }),
  one('createProxyHandler', 'a group sees its own runs only', bodies, async (context) => {
    const { lib } = context
    const mine = through(context, { groupId: 'site/mine' }).client
    const theirs = through(context, { groupId: 'site/theirs' }).client
    const { data } = await lib.executeWorkflow(mine, 'quick', { text: 'dawn' })
    equal((await lib.getRun(mine, data.run_id)).status, 'success', 'mine')
    const error = await lib.getRun(theirs, data.run_id).catch((caught) => caught)
    equal(error.status, 404, 'theirs')
    equal((await lib.getRuns(theirs)).data.runs.length, 0, 'list')
  }),
  one('createProxyHandler', 'events of a run, to two readers, up to its end', async (context) => {
    const { handler } = through(context)
    const { data } = await context.lib.executeWorkflow(context.client, 'quick', { text: 'dawn' })
    const open = () => handler(new Request(`${origin}/api/flowscale/api/v1/runs/${data.run_id}/events`))
    for (const response of await Promise.all([open(), open()])) {
      equal(response.status, 200, 'status')
      const text = await response.text()
      ok(/(^|\n\n)id: (completed|success)\ndata: \{.*\}\n\n$/.test(text), `the last event: ${text}`)
      equal(text.match(/id: (completed|success)/g)?.length, 1, 'ends')
    }
  }),
  one('createProxyHandler', 'nothing else passes', readme, async (context) => {
    const { handler } = through(context)
    for (const [path, status] of [
      ['/api/v1/comfy/health', 404],
      ['/api/flowscale/api/v1/admin', 404],
      ['/api/flowscale/api/v1/runs/..%2Fcomfy', 404],
    ] as const) {
      equal((await handler(new Request(origin + path))).status, status, path)
    }
    const posted = await handler(
      new Request(`${origin}/api/flowscale/api/v1/comfy/health`, { method: 'POST' }),
    )
    equal(posted.status, 405, 'method')
    ok(posted.headers.get('allow'), 'allow')
  }),
  one('toNodeHandler', 'takes and answers by methods of Node, without Node', readme, async (context) => {
    const pieces: Uint8Array[] = []
    const headers = new Headers()
    const res = {
      ...{ statusCode: 0, destroyed: false, headersSent: false, writableEnded: false },
      setHeader: (name: string, value: string) => headers.set(name, value),
      appendHeader: (name: string, value: string) => headers.append(name, value),
      write: (piece: Uint8Array) => pieces.push(piece) > 0,
      end: () => {},
      destroy: () => {},
      on: () => {},
    }
    const url = '/api/flowscale/api/v1/comfy/health'
    const more = { socket: {}, readableDidRead: false, on() {}, pause() {}, resume() {} }
    const req = { method: 'GET', url, headers: { host: 'proxy.example' }, ...more }
    await context.lib.toNodeHandler(through(context).handler)(req, res)
    equal(res.statusCode, 200, 'status')
    ok(headers.get('content-type')?.includes('json'), 'content type')
    const { data } = JSON.parse(await new Blob(pieces as BlobPart[]).text())
    equal(data.length, context.containers, 'containers')
  }),
]
