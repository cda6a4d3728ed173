// The servers of docs/webhooks.md: each takes what the gateway sends, and refuses a forged and an old delivery.
import { join } from 'node:path'
import { assert, suite } from '#test'
import { postWebhook } from '../../packages/gateway/src/webhooks/post.ts'
import { makeSecret, signWebhook } from '../../packages/gateway/src/webhooks/sign.ts'
import { until } from '../support/until.ts'
import { createApp, frameworks, nextFiles, readDocument } from './kit/createApp.ts'
import { run, type Started, startProgram } from './kit/start.ts'

const test = suite('servers of docs/webhooks.md')
const next = join(frameworks, 'node_modules/next/dist/bin/next')
const layout = `export default ({ children }: { children: React.ReactNode }) => <html lang="en"><body>{children}</body></html>\n`
const servers: [section: string, args: string[], program?: string][] = [
  ['Express', ['server.mjs']],
  ['Hono', ['server.mjs']],
  ['Next.js', [next, 'start', '-H', '127.0.0.1', '-p', '0']],
  ['Python', ['server.py'], '/usr/bin/python3'],
]

for (const [section, args, program] of servers) {
  test(section, async () => {
    const { blocks } = readDocument('webhooks.md', section)
    const own = section === 'Next.js' ? { ...nextFiles, 'app/layout.tsx': layout } : {}
    const cwd = createApp(`webhooks-${section}`, { ...blocks, ...own })
    if (section === 'Next.js') await run(cwd, next, 'build')
    const secret = makeSecret()
    const env = { WEBHOOK_SECRET: secret, PORT: '0' }
    const server: Started = await startProgram({ cwd, args, env, ...(program && { program }) })
    const hosts = [new URL(server.url).host]
    const body = JSON.stringify({
      ...{ type: 'run.completed', timestamp: new Date().toISOString() },
      data: { _id: 'r-é', status: 'completed', outputs: [{}, {}], outputs_total: 2 },
    })
    const post = async (secrets: string[], agoMs = 0) => {
      const headers = await signWebhook(secrets, { id: 'msg_1', timeMs: Date.now() - agoMs, body })
      return postWebhook({ address: `${server.url}/hook`, headers, body, hosts })
    }
    try {
      const outcomes = [
        await post([makeSecret(), secret]),
        await post([makeSecret()]),
        await post([secret], 600_000),
      ]
      assert.equal(
        outcomes.map((outcome) => 'status' in outcome && outcome.status),
        [204, 400, 400],
      )
      await until(() => server.output().includes('run.completed r-é 2'))
    } finally {
      await server.stop()
    }
  })
}
