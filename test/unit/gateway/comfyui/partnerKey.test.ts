// The key for the nodes of partners goes to ComfyUI with the runs that need it, and shows nowhere else.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { assert, suite } from '#test'
import { createComfyClient } from '../../../../packages/gateway/src/comfyui/api/client.ts'
import { createReadQueue, readHistory } from '../../../../packages/gateway/src/comfyui/api/queue.ts'
import { type ComfyuiOptions, comfyui } from '../../../../packages/gateway/src/comfyui/comfyui.ts'
import { createDistantPort } from '../../../../packages/gateway/src/comfyui/worker/distantPort.ts'
import { startWorker } from '../../../../packages/gateway/src/comfyui/worker/startWorker.ts'
import { createGateway } from '../../../../packages/gateway/src/createGateway.ts'
import { openFolder } from '../../../../packages/gateway/src/node/dataFolder.ts'
import { folderQueue } from '../../../../packages/gateway/src/node/folderQueue.ts'
import { serve } from '../../../../packages/gateway/src/node/serve.ts'
import { type Comfy, startComfy } from '../../../comfyui/server/startComfy.ts'
import { assertNoCanary, CANARY } from '../../../support/canary.ts'
import { restoreGlobals, setGlobals } from '../../../support/setGlobals.ts'
import { until } from '../../../support/until.ts'
import { files, graphOf } from './kit.ts'

const test = suite('the key for the nodes of partners')
test.after.each(restoreGlobals)

type Way = 'one ComfyUI' | 'a queue' | 'a worker that dials in'
const WAYS: readonly Way[] = ['one ComfyUI', 'a queue', 'a worker that dials in']
const WORKER_KEY = 'the key of the workers'.replaceAll(' ', '-')
const broken = graphOf({
  1: ['EmptyImage', { width: 8, height: 8, batch_size: 1, color: 255 }],
  2: ['TestSleep', { image: ['1', 0], seconds: 700, fail: false, cooperative: true, seed: 0 }],
  3: ['SaveImage', { images: ['2', 0], filename_prefix: 'made' }],
})
const workflows = [...files, { name: 'refused', graph: broken, sidecar: {} }]

interface Site {
  readonly comfy: Comfy
  readonly folder: string
  /** The `extra_data` of each run that ComfyUI was sent, by workflow. */
  readonly sent: Map<string, Record<string, unknown>[]>
  /** Whatever left the process of the key, or was written: lines of the log, and a worker's traffic. */
  readonly seen: string[]
  call(path: string, fields?: Record<string, string>): Promise<any>
}

/** A gateway on an old ComfyUI, whose queue shows keys, and whose errors quote the key. */
async function withSite(way: Way, comfyKey: string | undefined, use: (site: Site) => Promise<void>) {
  const comfy = await startComfy({ version: '0.3.64', partners: ['TestSleep'] })
  const folder = mkdtempSync(join(tmpdir(), 'partner-key-'))
  const [sent, seen]: [Site['sent'], string[]] = [new Map(), []]
  const spy: typeof fetch = async (input, init: any) => {
    const isRun = String(input).endsWith('/prompt') && init?.method === 'POST'
    const body = isRun ? await new Response(init.body).text() : init?.body
    if (isRun) {
      const { extra_data } = JSON.parse(body)
      const { workflowId } = extra_data.flowscale
      sent.set(workflowId, [...(sent.get(workflowId) ?? []), extra_data])
    }
    const response = await fetch(input, { ...init, body })
    if (!/json/.test(response.headers.get('content-type') ?? '')) return response
    const text = (await response.text()).replace(
      /TestSleep was asked to fail|Value 700(\.0)? bigger than max/g,
      `the service refuses ${CANARY}`,
    )
    return new Response(text, { status: response.status, headers: { 'content-type': 'application/json' } })
  }
  const isDistant = way === 'a worker that dials in'
  const engine: ComfyuiOptions = isDistant ? { workers: true } : { url: comfy.url, fetch: spy, comfyKey }
  const log = (line: unknown) => void seen.push(typeof line === 'string' ? line : JSON.stringify(line))
  const gateway = createGateway({
    engine: comfyui(engine),
    workflows,
    apiKey: 'the-key',
    ...(way === 'one ComfyUI'
      ? { storage: await openFolder(folder) }
      : { queue: folderQueue({ folder }), ...(isDistant && { workerKey: WORKER_KEY }) }),
    logger: { debug: log, info: log, warn: log, error: log, run: log } as any,
  })
  const served = await serve(gateway)
  const bare = globalThis.fetch
  const tapped: typeof fetch = async (input, init) => {
    const response = await bare(input, init)
    if (!String(input).includes('/api/v1/worker/')) return response
    if (typeof init?.body === 'string') seen.push(init.body)
    if (!/json/.test(response.headers.get('content-type') ?? '')) return response
    seen.push(await response.clone().text())
    return response
  }
  setGlobals({ fetch: tapped })
  // Beside a worker with the key, one without it gets no run that needs it.
  const workers = Object.entries(isDistant ? { gpu: comfyKey, poor: undefined } : {}).map(([name, key]) =>
    startWorker({
      client: createComfyClient(comfy.url, { fetch: spy, comfyKey: key }),
      port: createDistantPort({ gateway: served.url, key: WORKER_KEY, name }),
      ...{ name, lostAfterMs: 600_000, log: (_level, line) => log(line) },
    }),
  )
  const call: Site['call'] = async (path, fields) => {
    const body = new FormData()
    for (const [name, value] of Object.entries(fields ?? {})) body.set(name, value)
    const headers = { 'x-api-key': 'the-key' }
    const response = await fetch(served.url + path, { headers, ...(fields && { method: 'POST', body }) })
    const text = await response.text()
    assertNoCanary(`${[...response.headers]} ${text}`, `the answer to ${path}`)
    const answer = text.startsWith('{') ? JSON.parse(text) : { text }
    return { ...answer, code: response.status }
  }
  try {
    const isIdle = async () => {
      const { data } = await call('/api/v1/comfy/health')
      return data.filter(({ status }: any) => status === 'idle').length >= workers.length
    }
    await until(isIdle)
    await use({ comfy, folder, sent, seen, call })
    const report = await gateway.report()
    const paid = report.notes?.filter((note) => /by your key.*: slow, deaf, failing, refused$/.test(note))
    assert.is(paid?.length ?? 0, comfyKey ? 1 : 0)
    for (const value of [gateway, report, await gateway.metrics()]) assertNoCanary(value)
  } finally {
    for (const worker of workers) worker.close()
    await gateway.close()
    await served.close()
    await comfy.stop()
  }
  for (const line of seen) assertNoCanary(line, 'the log or the traffic of the worker')
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    assertNoCanary(readFileSync(join(entry.parentPath, entry.name), 'latin1'), entry.name)
  }
  rmSync(folder, { recursive: true })
}

const LOOKS = 350

for (const way of WAYS) {
  test(`it shows nowhere: ${way}`, () =>
    withSite(way, CANARY, async ({ comfy, sent, call }) => {
      const submit = async (id: string, fields: Record<string, string> = {}) =>
        (await call(`/api/v1/runs?workflow_id=${id}`, fields)).data?.run_id as string
      const ended = async (id: string) =>
        (
          await until(
            () => call(`/api/v1/runs/${id}`),
            ({ data }) => /completed|failed|cancelled/.test(data.status),
          )
        ).data
      const running = await submit('slow', { seconds: '60' })
      const waiting = await submit('slow', { seconds: '60' })
      await until(async () => (await call(`/api/v1/runs/${running}`)).data.status === 'running')
      // A worker says that a run is at work before ComfyUI has it.
      await until(async () => (await (await fetch(`${comfy.url}/queue`)).text()).includes(CANARY))
      for (let look = 0; look < LOOKS; look++) {
        await call(`/api/v1/runs/${look % 2 ? running : waiting}`)
        await call(['/api/v1/comfy/queue', '/api/v1/comfy/health', '/api/v1/runs'][look % 3]!)
      }
      for (const id of [waiting, running]) await call(`/api/v1/runs/${id}/cancel`, {})
      assert.equal([(await ended(waiting)).status, (await ended(running)).status], ['cancelled', 'cancelled'])
      const failed = await ended(await submit('failing', { seconds: '0.1' }))
      assert.match((await call(`/api/v1/runs/${failed._id}/events`)).text, '"status":"failed"')
      assert.match(failed.error_message ?? failed.error, 'the service refuses [key]')
      const text = await ended(await submit('text'))
      assert.is(text.status, 'completed')
      const refused = await call('/api/v1/runs?workflow_id=refused', {})
      const why = refused.data?.run_id ? await ended(refused.data.run_id) : refused
      assert.match(JSON.stringify(why), 'the service refuses [key]')
      for (const path of ['/api/v1/comfy/workflows', '/api/v1/openapi.json', '/metrics', '/readyz'])
        await call(path)
      const keysOf = (id: string) => sent.get(id)?.map(({ api_key_comfy_org: key }) => key)
      assert.equal(
        [...new Set(keysOf('slow')), keysOf('failing'), keysOf('text')],
        [CANARY, [CANARY], [undefined]],
      )
    }))

  test(`without it, such a run is refused before anything is sent, and others are made: ${way}`, () =>
    withSite(way, undefined, async ({ sent, call }) => {
      const { code, ...answer } = await call('/api/v1/runs?workflow_id=slow', { seconds: '1' })
      assert.is(code, 422)
      assert.match(JSON.stringify(answer), /partners.*Slow.*platform\.comfy\.org.*COMFY_API_KEY/)
      const { data } = await call('/api/v1/runs?workflow_id=text', {})
      await until(async () => (await call(`/api/v1/runs/${data.run_id}`)).data.status === 'completed')
      assert.equal([...sent.keys()], ['text'])
    }))
}

test('keys that others send with their runs are not even kept', async () => {
  const comfy = await startComfy({ version: '0.3.64' })
  try {
    const prompt_id = crypto.randomUUID()
    const extra_data = { auth_token_comfy_org: CANARY, flowscale: { id: prompt_id } }
    const json = { prompt: files[0]!.graph, prompt_id, extra_data }
    await fetch(`${comfy.url}/prompt`, { method: 'POST', body: JSON.stringify(json) })
    const client = createComfyClient(comfy.url)
    const queue = await createReadQueue(client, () => {})()
    assert.equal(queue.items[0]?.extra, { flowscale: { id: prompt_id } })
    assertNoCanary(queue)
    assertNoCanary(await readHistory(client, prompt_id))
  } finally {
    await comfy.stop()
  }
})

test('a client shows its key to no inspector', () => {
  assertNoCanary(createComfyClient('http://127.0.0.1:1', { comfyKey: CANARY }))
})
