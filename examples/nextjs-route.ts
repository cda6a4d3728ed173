// app/api/flowscale/[...path]/route.ts of a Next.js app with the App Router: passes on what nextjs-component.tsx asks,
// and nothing else, with the key, which never leaves the server. Put FLOWSCALE_API_URL and FLOWSCALE_API_KEY in .env.local.
import { createClient } from '@flowscale/client'
import { connectEvents } from '@flowscale/client/events'
import { createProxyHandler } from '@flowscale/client/proxy'

const client = createClient({
  baseUrl: process.env.FLOWSCALE_API_URL || 'http://127.0.0.1:4188',
  apiKey: process.env.FLOWSCALE_API_KEY || 'fsk_local_demo_key',
  // Says here why a request to the pod failed.
  logger: console,
})

const handler = createProxyHandler(client, {
  basePath: '/api/flowscale',
  // Everybody may, on your bill. Say here who this visitor is: `(request) => ({ groupId: … })` keeps users apart.
  authorize: 'public',
  allow: {
    operations: ['executeWorkflow', 'getRun', 'connectEvents', 'getOutput', 'cancelRun'],
    workflowIds: ['a9bc45rt2kpm', 'bncu0a1kipv'],
  },
  // Progress as it happens, where the server has events; a pod is polled once a second.
  push: connectEvents(client, { maxStreams: 100 }),
})

export { handler as GET, handler as POST }
