// What tools make of the OpenAPI document, in each dialect.
import { spawn } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import {
  cancelRun,
  checkHealth,
  createClient,
  executeWorkflow,
  getOutput,
  getQueue,
  getRuns,
  getWorkflows,
  HttpError,
} from '@flowscale/client'
import { connectEvents } from '@flowscale/client/events'
import { waitForRun } from '@flowscale/client/poller'
import { createEmulator } from '@flowscale/emulator'
import { serve } from '@flowscale/emulator/node'
import { assert, rejects, suite } from '#test'
import { DIALECTS } from '../../packages/gateway/src/internal.ts'
import { ensure } from '../../scripts/lib/ensure.mjs'
import { CANARY } from '../support/canary.ts'
import { until } from '../support/until.ts'

ensure('python3-openapi-spec-validator', 'python3-openapi-core')

const packages = resolve('test/types-matrix/node_modules')

/** Runs a program to its end. */
function run(command: string, ...args: string[]): Promise<void> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => (said += text))
  return new Promise((done, fail) => {
    child.on('error', fail)
    child.on('close', (code) =>
      code === 0 ? done() : fail(new Error(`${command} ended with ${code}: ${said}`)),
    )
  })
}

for (const dialect of DIALECTS) {
  const test = suite(`the OpenAPI document, ${dialect}`)
  const emulator = createEmulator({ dialect, apiKey: CANARY, speed: 100 })
  let folder = ''
  let file = ''
  let served: Awaited<ReturnType<typeof serve>>

  test.before(async () => {
    served = await serve(emulator)
    folder = mkdtempSync(join(tmpdir(), 'openapi-'))
    file = join(folder, 'document.json')
    const headers = { 'x-api-key': CANARY }
    const answer = await fetch(`${served.url}/api/v1/openapi.json`, { headers })
    writeFileSync(file, await answer.text())
  })
  test.after(async () => {
    rmSync(folder, { recursive: true })
    emulator.close()
    await served.close()
  })

  test('openapi-spec-validator finds nothing wrong', () => run('/usr/bin/openapi-spec-validator', file))

  test('openapi-typescript makes types that compile and tell', async () => {
    await run(
      process.execPath,
      `${packages}/openapi-typescript/bin/cli.js`,
      file,
      '-o',
      join(folder, 'document.ts'),
    )
    copyFileSync('test/types-matrix/openapi/use.ts', join(folder, 'use.ts'))
    const flags = ['--noEmit', '--strict', '--allowImportingTsExtensions', '--noUncheckedIndexedAccess']
    const tsc = resolve('node_modules/typescript7/bin/tsc')
    await run(
      process.execPath,
      tsc,
      ...flags,
      '--module',
      'esnext',
      '--moduleResolution',
      'bundler',
      join(folder, 'use.ts'),
    )
  })

  test('openapi-core checks a run with a file', () =>
    run('/usr/bin/python3', 'test/types-matrix/openapi/run.py', served.url, CANARY, 'a9bc45rt2kpm'))

  test('Prism passes what the client does, and refuses an input of another kind', async () => {
    const prism = spawn(process.execPath, [
      `${packages}/@stoplight/prism-cli/dist/index.js`,
      ...['proxy', file, served.url, '--errors', '--port', '0'],
    ])
    try {
      let said = ''
      prism.stdout.setEncoding('utf8').on('data', (text) => (said += text))
      const listening = () => /listening on (http:\S+)/i.exec(said)?.[1]
      await until(listening)
      const baseUrl = listening()!
      const client = createClient({ baseUrl, apiKey: CANARY, maxRetries: 0 })
      await checkHealth(client)
      await getQueue(client)
      const { data } = await executeWorkflow(client, 'bncu0a1kipv', { text_51536: 'a' }, { groupId: 'g' })
      const { outputs } = await waitForRun(client, data.run_id, { pollIntervalMs: 20 })
      await getOutput(client, outputs[0]!.filename!)
      await getRuns(client, { groupId: 'g', page: 1, pageSize: 5, sortBy: 'started_at' })
      if (dialect !== 'openapi') {
        await getWorkflows(client)
        await cancelRun(client, data.run_id)
        const events = connectEvents(client)
        await waitForRun(client, data.run_id, { push: events })
        events.close()
      }
      await rejects(getOutput(client, 'none.png'), HttpError, { status: 404 })
      const headers = { 'x-api-key': CANARY, 'content-type': 'application/json', prefer: 'wait=60' }
      const submit = async (inputs: object) => {
        const init = { method: 'POST', headers, body: JSON.stringify(inputs) }
        return await fetch(`${baseUrl}/api/v1/workflows/bncu0a1kipv/runs`, init)
      }
      assert.is((await (await submit({ text_51536: 'a' })).json()).data.status, 'completed')
      const started = emulator.stats.runsStarted
      assert.equal([(await submit({ text_51536: 7 })).status, emulator.stats.runsStarted], [422, started])
    } finally {
      prism.kill()
    }
  })
}
