// app/api/flowscale/[...path]/route.ts of a Next.js app (App Router). It passes on the requests of nextjs-component.tsx, and no
// others, and adds the key, which never leaves the server. Put FLOWSCALE_API_URL and FLOWSCALE_API_KEY in .env.local.
import { createClient } from '@flowscale/client'
import { connectEvents } from '@flowscale/client/events'
import { createProxyHandler } from '@flowscale/client/proxy'

const client = createClient({
  baseUrl: process.env.FLOWSCALE_API_URL || 'http://127.0.0.1:4188',
  apiKey: process.env.FLOWSCALE_API_KEY || 'fsk_local_demo_key',
  // Logs why a request to the pod failed.
  logger: console,
})

const handler = createProxyHandler(client, {
  basePath: '/api/flowscale',
  // A visitor reaches the runs of their own session only. proxy.ts in docs/in-a-page.md sets the cookie; put your sign-in here.
  authorize: (request) => {
    const [, session] = /(?:^|; )session=([\w-]{36})(?:;|$)/.exec(request.headers.get('cookie') ?? '') ?? []
    return session ? { groupId: `visitor-${session}` } : false
  },
  allow: {
    operations: ['executeWorkflow', 'getRun', 'connectEvents', 'getOutput', 'cancelRun'],
    workflowIds: ['a9bc45rt2kpm', 'bncu0a1kipv'],
  },
  // Progress as it happens, where the server has events; a pod is polled once a second.
  push: connectEvents(client, { maxStreams: 100 }),
})

export { handler as GET, handler as POST }
