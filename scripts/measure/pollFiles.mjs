// The source files that two rounds of a plain `waitForRun` run through, on a real server, by V8's coverage:
// `pollFiles.mjs FOLDER`. A file counts as soon as one of its functions was called.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { Session } from 'node:inspector'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { register } from 'tsx/esm/api'

const [folder] = process.argv.slice(2)
const sources = join(folder, 'packages/client/src')
register({ tsconfig: join(folder, 'test/tsconfig.json') })
const { createClient } = await import(`${sources}/index.ts`)
const { waitForRun } = await import(`${sources}/poller/index.ts`)

const session = new Session()
session.connect()
/** Calls back at once. */
const profile = (method, params) => {
  let answer
  session.post(`Profiler.${method}`, params, (error, result) => {
    if (error) throw error
    answer = result
  })
  return answer
}

/** Gives what ran since the last time. */
function take() {
  const { result } = profile('takePreciseCoverage')
  return result
    .filter(({ functions }) => functions.some(({ ranges }) => ranges[0].count > 0))
    .filter(({ url }) => url.startsWith('file:'))
    .map(({ url }) => relative(sources, fileURLToPath(new URL(url.split('?')[0]))))
    .filter((file) => !file.startsWith('..'))
    .sort()
}

profile('enable')
profile('startPreciseCoverage', { callCount: true, detailed: false })

let polls = 0
const server = createServer((_, response) => {
  polls++
  if (polls === 2) take()
  if (polls === 4) {
    console.log(JSON.stringify(take()))
    process.exit()
  }
  response.end(JSON.stringify({ status: 'success', data: { _id: 'r', status: 'running', outputs: [] } }))
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const client = createClient({ baseUrl: `http://127.0.0.1:${server.address().port}`, apiKey: 'fsk_measure' })
await waitForRun(client, 'r', { pollIntervalMs: 20 })
