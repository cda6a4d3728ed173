// What callers do with a gateway, by HTTP from outside, whatever runtime it is on.
import { readFile } from 'node:fs/promises'
import {
  cancelRun,
  checkHealth,
  createClient,
  downloadOutput,
  executeWorkflow,
  getRun,
  getRuns,
  toFile,
} from '@flowscale/client'
import { waitForRun } from '@flowscale/client/poller'
import { decode } from 'fast-png'
import { assert } from '#test'
import { until } from '../support/until.ts'

/** Gives the states that readers of events heard. The workflow has the inputs `photo` and `seconds`, and gives a picture. */
export async function driveGateway(
  url: string,
  apiKey: string,
  workflow: string,
  servers: number,
): Promise<readonly string[]> {
  // Links may start with an address that leads nowhere here.
  const moved: typeof fetch = (input, init) => {
    const { pathname, search } = new URL(input instanceof Request ? input.url : String(input))
    return fetch(url + pathname + search, init)
  }
  const client = createClient({ baseUrl: url, apiKey, fetch: moved })
  const groupId = crypto.randomUUID()
  const photo = toFile(await readFile('test/comfyui/workflows/example.png'), 'photo.png')
  const start = async (seconds: number) =>
    (
      await executeWorkflow(
        client,
        workflow,
        { photo, seconds, seed: Math.floor(Math.random() * 1e9) },
        { groupId },
      )
    ).data.run_id

  // With a queue, a worker says so a moment after the start.
  const idle = Array(servers).fill('idle').join()
  const statuses = async () => (await checkHealth(client)).data.map(({ status }) => status).join()
  await until(statuses, (found) => found === idle)

  // A file in, a file out, and a part of it.
  const first = await start(0)
  const { outputs } = await waitForRun(client, first, { pollIntervalMs: 100, timeoutMs: 30_000 })
  const whole = new Uint8Array(await (await downloadOutput(client, outputs[0]!)).arrayBuffer())
  assert.ok(decode(whole).width > 0)
  const part = await moved(outputs[0]!.url!, { headers: { range: 'bytes=1-3' } })
  assert.equal([part.status, await part.text()], [206, 'PNG'])

  // Two readers of one run, and one that came before them and leaves.
  const watched = await start(4)
  const leaving = new AbortController()
  const left = fetch(`${url}/api/v1/runs/${watched}/events`, {
    headers: { 'X-API-KEY': apiKey },
    signal: leaving.signal,
  })
  await (await left).body!.getReader().read()
  const readers = [1, 2].map(() => readEvents(url, apiKey, watched))
  await new Promise((resolve) => setTimeout(resolve, 1500))
  leaving.abort()
  const heard = await Promise.all(readers)
  for (const states of heard) {
    assert.is(states.at(-1), 'completed')
    assert.match(states[0]!, /^(queued|running)/)
  }

  // A cancel, and what a list says of all.
  const slow = await start(600)
  await cancelRun(client, slow)
  assert.is((await getRun(client, slow)).data.status, 'cancelled')
  const { data } = await getRuns(client, { groupId })
  assert.equal(data.runs.map(({ _id }) => _id).sort(), [first, watched, slow].sort())

  // Many at once.
  const ids = await Promise.all(Array.from({ length: 20 }, () => start(0)))
  const ends = await Promise.all(
    ids.map((id) => waitForRun(client, id, { pollIntervalMs: 200, timeoutMs: 60_000 })),
  )
  assert.is(ends.length, 20)
  assert.is((await getRuns(client, { groupId })).data.count, 23)
  return heard.flat()
}

/** The ids of the events of a run, until its stream ends. */
async function readEvents(url: string, apiKey: string, id: string): Promise<string[]> {
  const response = await fetch(`${url}/api/v1/runs/${id}/events`, { headers: { 'X-API-KEY': apiKey } })
  assert.is(response.status, 200)
  return [...(await response.text()).matchAll(/^id: (.+)$/gm)].map(([, state]) => state!)
}
