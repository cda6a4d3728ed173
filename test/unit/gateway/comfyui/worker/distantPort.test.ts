// A worker before a gateway on a real port.
import { assert, said } from '#test'
import { createComfyClient } from '../../../../../packages/gateway/src/comfyui/api/client.ts'
import { comfyui } from '../../../../../packages/gateway/src/comfyui/comfyui.ts'
import { createDistantPort } from '../../../../../packages/gateway/src/comfyui/worker/distantPort.ts'
import { NoGateway, NotWelcome, Refused } from '../../../../../packages/gateway/src/comfyui/worker/news.ts'
import { startWorker } from '../../../../../packages/gateway/src/comfyui/worker/startWorker.ts'
import { createGateway } from '../../../../../packages/gateway/src/createGateway.ts'
import { folderQueue } from '../../../../../packages/gateway/src/node/folderQueue.ts'
import { serve } from '../../../../../packages/gateway/src/node/serve.ts'
import { CANARY } from '../../../../support/canary.ts'
import { rejection } from '../../../../support/fakes.ts'
import { listen } from '../../../../support/listen.ts'
import { until } from '../../../../support/until.ts'
import { files, graphOf, never } from '../kit.ts'
import { photo, suiteWithServers } from '../queued/kit.ts'

const replacements = {
  OldText: [{ new_node_id: 'FSLoadText', input_mapping: [{ new_id: 'default_value', old_id: 'words' }] }],
  SameText: [{ new_node_id: 'FSLoadText', input_mapping: null }],
}
const test = suiteWithServers('a worker that dials in', [{ replacements }])
const old = graphOf({
  1: ['OldText', { words: 'hello' }],
  2: ['FSSaveText', { text: ['1', 0], filename_prefix: 'said', label: 'said' }],
  3: ['SameText', { default_value: 'kept' }],
  4: ['FSSaveText', { text: ['3', 0], filename_prefix: 'same', label: 'same' }],
})
const nothing = { has: [], stopping: [], isUp: true }

test('a photo in, a picture out; a node that ComfyUI replaces; who is refused, and why', async ({
  comfies,
  folder,
}) => {
  const queue = folderQueue({ folder })
  const options = { workflows: [...files, { name: 'old', graph: old }], apiKey: 'the-key', queue }
  const gateway = createGateway({
    ...options,
    engine: comfyui({ workers: true, maxWorkers: 3 }),
    workerKey: CANARY,
  })
  const served = await serve(gateway)
  const portOf = (key: string, name = 'gpu') => createDistantPort({ gateway: served.url, key, name })
  const client = createComfyClient(comfies[0]!.url)
  const log = () => {}
  const worker = startWorker({ client, port: portOf(CANARY), name: 'gpu', lostAfterMs: 600_000, log })
  const headers = { 'x-api-key': 'the-key' }
  const get = async (path: string) => (await fetch(served.url + path, { headers })).json() as Promise<any>
  try {
    await until(async () => (await get('/api/v1/comfy/health')).data[0]?.status === 'idle')
    const body = new FormData()
    body.set('photo', new Blob([photo]), 'photo.png')
    const init = { method: 'POST', headers, body }
    const submitted = await fetch(`${served.url}/api/v1/runs?workflow_id=copy`, init)
    const { run_id } = ((await submitted.json()) as any).data
    const { data } = await until(
      () => get(`/api/v1/runs/${run_id}`),
      ({ data }) => data.status === 'completed',
    )
    const picture = await (await fetch(data.outputs[0].url)).arrayBuffer()
    assert.ok(picture.byteLength > 100)
    const replaced = (await (
      await fetch(`${served.url}/api/v1/runs?workflow_id=old`, { method: 'POST', headers })
    ).json()) as any
    const made = await until(
      () => get(`/api/v1/runs/${replaced.data.run_id}`),
      ({ data }) => data.status === 'completed',
    )
    const texts = made.data.outputs.map(async ({ url }: { url: string }) => (await fetch(url)).text())
    assert.equal(await Promise.all(texts), ['hello', 'kept'])

    for (const [key, name] of [
      ['the-key', 'other'],
      ['wrong', 'other'],
      [CANARY, 'no name'],
    ] as const) {
      const error = await rejection(portOf(key, name).poll(nothing, never))
      assert.instance(error, NotWelcome)
      assert.not.match(error.message, CANARY)
    }
    const taken: any = await rejection(portOf(CANARY).poll(nothing, never))
    assert.equal([taken instanceof Refused, taken.what], [true, 'session'])
    const foreign: any = await rejection(portOf(CANARY, 'other').openInput(run_id, 'a.png'))
    assert.equal([foreign instanceof Refused, foreign.what], [true, 'run'])
    assert.is(await portOf(CANARY, 'third').send(run_id), undefined)
    const lines: string[] = []
    const fourth = startWorker({
      client,
      port: portOf(CANARY, 'fourth'),
      name: 'fourth',
      lostAfterMs: 600_000,
      log: (_level, line) => void lines.push(line),
    })
    await until(() => lines.length > 0).finally(fourth.close)
    assert.match(lines[0]!, '--max-workers')
    said(lines[0]!)
  } finally {
    worker.close()
    await gateway.close()
    await served.close()
  }
  const away = await rejection(portOf(CANARY).giveBack('a run', 1))
  assert.not.instance(away, NotWelcome)
})

test('a redirect gets no key', async () => {
  const elsewhere: unknown[] = []
  const target = await listen((request, response) => {
    elsewhere.push(request.url)
    response.end('{}')
  })
  const front = await listen((_request, response) => response.writeHead(307, { location: target.url }).end())
  const port = createDistantPort({ gateway: front.url, key: CANARY, name: 'gpu' })
  const calls = [port.poll(nothing, never), port.send('a run'), port.openInput('a run', 'a.png')]
  await Promise.allSettled(calls)
  await front.close()
  await target.close()
  assert.equal(elsewhere, [])
})

test('at an address without a gateway, it says what it got, and tries again', async ({ comfies }) => {
  const options = { name: 'gpu', key: CANARY }
  const client = createComfyClient(comfies[0]!.url)
  const lines: string[] = []
  const worker = startWorker({
    client,
    port: createDistantPort({ ...options, gateway: client.url }),
    name: 'gpu',
    lostAfterMs: 600_000,
    log: (_level, line) => void lines.push(line),
    onRefused: (error) => void lines.push(String(error)),
  })
  await until(() => lines.length > 0).finally(worker.close)
  said(lines[0]!.replace(client.url, 'URL'))
  // A redirect, a proxy without its gateway, a server of files, a page.
  let status = 0
  const front = await listen((_request, response) =>
    response.writeHead(status, { 'content-type': 'text/html', location: '/' }).end('<p>'),
  )
  try {
    for (status of [301, 404, 501, 200]) {
      const error = await rejection(
        createDistantPort({ ...options, gateway: front.url }).poll(nothing, never),
      )
      assert.instance(error, NoGateway, String(status))
      said(error.message.replace(front.url, 'URL'))
    }
  } finally {
    await front.close()
  }
  const gateway = createGateway({ engine: comfyui({ url: client.url }), workflows: files, apiKey: null })
  const served = await serve(gateway)
  const without = await rejection(createDistantPort({ ...options, gateway: served.url }).poll(nothing, never))
  await gateway.close()
  await served.close()
  assert.instance(without, NotWelcome)
})
