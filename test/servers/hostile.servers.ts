// Requests and files that once held the whole gateway for seconds, hours or for ever: it answers others meanwhile.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient, executeWorkflow } from '@flowscale/client'
import { waitForRun } from '@flowscale/client/poller'
import { assert, suite } from '#test'
import { CANARY } from '../support/canary.ts'
import { serveProxy } from '../support/proxied.ts'
import { startGateway, startSmallComfy } from '../support/startProcess.ts'
import { until } from '../support/until.ts'
import { expect, send } from './attacks/send.ts'

const test = suite('hostile texts')

const DIGITS = `${'1'.repeat(1_000_000)}x`
const json = (body: object): string => JSON.stringify(body)

/** The CPU time of a process in ms. */
const cpuMs = (pid: number): number =>
  readFileSync(`/proc/${pid}/stat`, 'utf8')
    .split(' ')
    .slice(13, 15)
    .reduce((sum, ticks) => sum + Number(ticks) * 10, 0)

test('no text holds the gateway for more than a second', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hostile-'))
  const workflows = join(folder, 'workflows')
  cpSync('test/comfyui/workflows', workflows, { recursive: true })
  const comfy = await startSmallComfy('--folder', join(folder, 'comfy'))
  const gateway = await startGateway(comfy.told.url, workflows, ['--port', '0', '--api-key', CANARY])
  const client = createClient({ baseUrl: gateway.told.url, apiKey: CANARY })
  const proxy = await serveProxy(client, { authorize: 'public' })
  const port = Number(new URL(gateway.told.url).port)
  const key = `X-API-KEY: ${CANARY}`
  const form = (value: string) =>
    `--x\r\nContent-Disposition: form-data; name="size"\r\n\r\n${value}\r\n--x--\r\n`
  const submit = { method: 'POST', path: '/api/v1/runs?workflow_id=text-to-image' }
  const asForm = 'Content-Type: multipart/form-data; boundary=x'
  const asJson = 'Content-Type: application/json'

  const listed = (name: string) =>
    until(
      () => send(port, { path: '/api/v1/comfy/workflows', headers: [key] }),
      ({ body }) => body.includes(`"${name}"`),
    )
  const list = async (name: string, graph: object): Promise<void> => {
    writeFileSync(join(workflows, `${name}.json`), json(graph))
    await listed(name)
  }

  try {
    const { run_id: runId } = (await executeWorkflow(client, 'text-to-image', { prompt: 'a cat' })).data
    const { outputs } = await waitForRun(client, runId)
    const file = new URL(outputs[0]!.url!)
    const rows: [what: string, play: () => Promise<unknown>][] = [
      [
        'a number in a form',
        async () => expect(await send(port, { ...submit, headers: [key, asForm], body: form(DIGITS) }), 422),
      ],
      [
        'a number in JSON',
        async () =>
          expect(await send(port, { ...submit, headers: [key, asJson], body: json({ size: DIGITS }) }), 422),
      ],
      [
        'a number of a visitor, through the proxy of a page',
        async () => {
          const init = { method: 'POST', headers: { 'content-type': asForm.slice(14) }, body: form(DIGITS) }
          assert.is((await fetch(`${proxy.url}/api/v1/runs?workflow_id=text-to-image`, init)).status, 422)
        },
      ],
      [
        "OpenAI's images",
        async () => {
          const body = json({ model: 'text-to-image', prompt: 'a cat', seed: DIGITS })
          const more = { method: 'POST', path: '/v1/images/generations', headers: [key, asJson], body }
          expect(await send(port, more), 400)
        },
      ],
      [
        'Prefer',
        async () => {
          const headers = [key, `Prefer: wait=${' '.repeat(15_000)}x`]
          expect(await send(port, { path: `/api/v1/runs/${runId}`, headers }), 200)
        },
      ],
      [
        'If-None-Match',
        async () => {
          const headers = [`If-None-Match: ${' '.repeat(15_000)}x`]
          expect(await send(port, { path: file.pathname + file.search, headers }), 200)
        },
      ],
      [
        'the title of a node',
        async () => {
          const graph = JSON.parse(readFileSync(join(workflows, 'text-to-image.json'), 'utf8'))
          graph[6]._meta.title = '('.repeat(100_000)
          await list('title', graph)
        },
      ],
      [
        'a field of a subgraph in a file of the editor',
        () => {
          const inner = (id: string, name: string, nodes: object[]) => ({ id, name, nodes, links: [] })
          const host = {
            id: 1,
            type: 'outer',
            properties: { proxyWidgets: [['2', `${'1 : '.repeat(34)}\n`]] },
          }
          const subgraphs = [inner('outer', 'outer', [{ id: 2, type: 'deep' }]), inner('deep', 'deep', [])]
          return list('subgraph', { nodes: [host], links: [], version: 0.4, definitions: { subgraphs } })
        },
      ],
      [
        'a comment in a text of a file of the editor',
        () => {
          const text = { id: 1, type: 'TestDrawText', widgets_values: ['/* '.repeat(100_000)] }
          return list('comment', { nodes: [text], links: [], version: 0.4 })
        },
      ],
      [
        'the text in a WebP',
        async () => {
          const text = Buffer.from(`prompt:${'\0'.repeat(200_000)}x`)
          const head = Buffer.from(
            'RIFF____WEBPEXIF____II*\0\x08\0\0\0\x01\0\x0f\x01\x02\0________\0\0\0\0',
            'latin1',
          )
          head.writeUInt32LE(26 + text.length, 16)
          head.writeUInt32LE(text.length, 34)
          head.writeUInt32LE(26, 38)
          writeFileSync(join(workflows, 'zeros.webp'), Buffer.concat([head, text]))
          await listed('zeros')
        },
      ],
    ]
    for (const [what, play] of rows) {
      const before = cpuMs(gateway.pid)
      const answered = play()
      expect(await send(port, { path: '/healthz' }), 200)
      await answered
      const used = cpuMs(gateway.pid) - before
      assert.ok(used < 1_000, `${what}: ${used} ms of CPU`)
    }
  } finally {
    await Promise.all([proxy.close(), gateway.kill(), comfy.kill()])
    rmSync(folder, { recursive: true, force: true })
  }
})
