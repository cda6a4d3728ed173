// What docs/gateway-hosting.md says, as far as it can be tried without Docker: its command, its key, its health check.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createClient, executeWorkflow } from '@flowscale/client'
import { waitForRun } from '@flowscale/client/poller'
// Of TypeDoc.
import { parse } from 'yaml'
import { assert, suite } from '#test'
import { startComfy } from '../comfyui/server/startComfy.ts'
import { freePort } from '../support/listen.ts'
import { serving, startProgram } from '../support/startCli.ts'

const test = suite('Docker')
const page = readFileSync('docs/gateway-hosting.md', 'utf8')
const blockIn = (language: string): string =>
  new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'm').exec(page)![1]!
const image = blockIn('dockerfile')
const { services, secrets, volumes } = parse(blockIn('yaml'))
const { gateway, comfyui } = services
const [command, ...flags]: string[] = JSON.parse(/^CMD (.+)$/m.exec(image)![1]!)
const flag = (name: string): string => flags[flags.indexOf(name) + 1]!
const manifest = JSON.parse(readFileSync('packages/gateway/package.json', 'utf8'))

test('the image has the command of the package, on a Node that it can use', () => {
  assert.ok(image.includes(`RUN npm install --global ${manifest.name}\n`))
  assert.ok(Number(/^FROM node:(\d+)-/m.exec(image)![1]) >= 22)
  assert.equal(Object.keys(manifest.bin), [command])
})

test('the paths, the addresses and the ports of both files fit', () => {
  assert.equal(gateway.volumes, [`./workflows:${flag('--workflows')}:ro`, `data:${flag('--data')}`])
  assert.equal(Object.keys(volumes), ['data'])
  assert.ok(image.includes(`--owner node ${flag('--data')}\n`), 'the user of the image owns the volume')
  assert.equal(gateway.secrets, [{ source: 'api-key', target: `${flag('--data')}/api-key` }])
  assert.equal(secrets, { 'api-key': { file: './api-key' } })
  assert.ok(new URL(flag('--comfyui')).hostname in services)
  assert.equal(gateway.ports, [`127.0.0.1:4188:${new URL(flag('--public-url')).port}`])
  assert.is(comfyui.ports, undefined)
  const folders = ['models', 'input', 'output', 'user']
  assert.equal(
    comfyui.volumes,
    folders.map((name) => `./${name}:/root/ComfyUI/${name}`),
  )
})

test('the command of the image runs workflows with the key of the secret, and its health check sees it end', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'flowscale-docker-'))
  const port = await freePort()
  const [, program, ...check]: string[] = gateway.healthcheck.test
  const isHealthy = async () => {
    const args = check.map((arg) => arg.replace('4188', port))
    return (await startProgram(program!, args).ended).code === 0
  }
  const comfy = await startComfy({ version: '0.8.0', speed: 4 })
  let started: Awaited<ReturnType<typeof serving>> | undefined
  try {
    cpSync('test/comfyui/workflows', join(folder, 'workflows'), { recursive: true })
    mkdirSync(join(folder, 'data'))
    writeFileSync(join(folder, 'data/api-key'), 'key-of-the-secret\n')
    const here = flags.map((text) => {
      if (text === flag('--comfyui')) return comfy.url
      return /^\//.test(text) ? join(folder, text) : text
    })
    started = await serving([resolve('packages/gateway', manifest.bin[command!]), ...here, '--port', port])
    assert.ok(await isHealthy())
    const client = createClient({ baseUrl: started.url, apiKey: 'key-of-the-secret' })
    const { run_id } = (await executeWorkflow(client, 'text-to-image', { prompt: 'a red fox' })).data
    const { outputs } = await waitForRun(client, run_id, { pollIntervalMs: 50, timeoutMs: 30_000 })
    assert.is(new URL(outputs[0]!.url!).origin, flag('--public-url'))
    await started.stop()
    assert.not(await isHealthy())
  } finally {
    await started?.stop('SIGKILL')
    await comfy.stop()
    rmSync(folder, { recursive: true })
  }
})
