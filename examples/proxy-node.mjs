// A server of Node's that lets signed-in users run workflows, and keeps the key to itself.
//   npm install @flowscale/client @hono/node-server
//   FLOWSCALE_API_URL=… FLOWSCALE_API_KEY=… USERS=ada:token-of-ada,bob:token-of-bob node proxy-node.mjs
// A page signs in by `POST /login` with its token, and from then on has a cookie that scripts can't read; other
// programs send `Authorization: Bearer <token>` with each request.
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { createClient } from '@flowscale/client'
import { createProxyHandler } from '@flowscale/client/proxy'
import { getRequestListener } from '@hono/node-server'

const { FLOWSCALE_API_URL, FLOWSCALE_API_KEY, USERS = '', PORT = '3000' } = process.env
const users = new Map(USERS.split(',').map((entry) => entry.split(':').reverse()))
/** Who is signed in, by the value of the cookie. */
const sessions = new Map()

const userOf = ({ headers }) => {
  const [, token] = /^Bearer (.+)$/.exec(headers.get('authorization') ?? '') ?? []
  const [, cookie] = /(?:^|; )session=([^;]+)/.exec(headers.get('cookie') ?? '') ?? []
  return users.get(token) ?? sessions.get(cookie)
}

const client = createClient({ baseUrl: FLOWSCALE_API_URL, apiKey: FLOWSCALE_API_KEY, logger: console })
const proxy = createProxyHandler(client, {
  basePath: '/api/flowscale',
  // What a user runs is put in a group of its own, and of the others it learns nothing.
  authorize: (request) => {
    const user = userOf(request)
    return user ? { groupId: `user-${user}` } : new Response('Sign in first', { status: 401 })
  },
  // All but the queue, which shows the run ids of everybody.
  allow: {
    operations: [
      'checkHealth',
      'getWorkflows',
      'executeWorkflow',
      'getOutput',
      'getRun',
      'connectEvents',
      'getRuns',
      'cancelRun',
    ],
  },
  maxBodyBytes: 20_000_000,
})

async function login(request) {
  const user = users.get((await request.text()).trim())
  if (!user) return new Response('Unknown token', { status: 401 })
  const session = randomUUID()
  sessions.set(session, user)
  // Add Secure where there is TLS.
  const cookie = `session=${session}; Path=/; HttpOnly; SameSite=Lax; Max-Age=86400`
  return new Response(`Hello ${user}`, { headers: { 'set-cookie': cookie } })
}

const handle = async (request) => {
  const { pathname } = new URL(request.url)
  if (pathname.startsWith('/api/flowscale/')) return proxy(request)
  if (pathname === '/login' && request.method === 'POST') return login(request)
  return new Response('Not Found', { status: 404 })
}

const server = createServer(getRequestListener(handle))
server.listen(Number(PORT), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}`)
})
