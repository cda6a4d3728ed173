// The command of the gateway with its files in a real S3, and what docs/gateway-many.md says about them.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { createClient, downloadOutput, executeWorkflow } from '@flowscale/client'
import { waitForRun } from '@flowscale/client/poller'
import { encode } from 'fast-png'
import { assert } from '#test'
import { s3Files } from '../../packages/gateway/src/files/s3Files.ts'
import { startComfy } from '../comfyui/server/startComfy.ts'
import { blockOf } from '../support/blockOf.ts'
import { assertNoCanary, CANARY } from '../support/canary.ts'
import { rejection } from '../support/fakes.ts'
import { freePort } from '../support/listen.ts'
import { startGateway, startProcess, startSmallComfy } from '../support/startProcess.ts'
import { startS3 } from '../support/startS3.ts'
import { suiteWithServers } from '../support/suiteWithServers.ts'
import { until } from '../support/until.ts'
import { body, read, sizeOf } from '../unit/gateway/files/filesSuite.ts'
import { bytes } from '../unit/gateway/queue/suite.ts'
import { download, MB, megabytes, memoryOf, mostMemoryOf, upload } from './bigFile.ts'

const test = suiteWithServers('the gateway with files in S3')
const PAGE = 'docs/gateway-many.md'
const polls = { pollIntervalMs: 50, timeoutMs: 60_000 }
const s3 = await startS3()
Object.assign(process.env, s3.env)
test.after(() => s3.stop())

let folder = ''
test.before.each((servers) => {
  folder = mkdtempSync(join(tmpdir(), 'flowscale-s3-'))
  servers.atEnd(() => rmSync(folder, { recursive: true }))
})

const flagsOf = (bucket: string, ...more: string[]): string[] => {
  const own = ['--port', '0', '--api-key', CANARY, '--data', folder, '--workers']
  return [...own, '--files', `s3://${bucket}/flowscale`, ...more]
}
const png = encode({ width: 8, height: 8, channels: 3, data: new Uint8Array(192).fill(7) })

test('a run whose links lead to S3, which gets no key', async (servers) => {
  const bucket = await s3.makeBucket()
  const seen: unknown[] = []
  const front = await servers.listen((asked, answer) => {
    if (asked.url!.includes('X-Amz-Signature')) seen.push([asked.method, asked.headers['x-api-key']])
    const { method, url, headers } = asked
    const passed = request(s3.endpoint + url, { method: method!, headers }, (found) => {
      answer.writeHead(found.statusCode!, found.headers)
      found.pipe(answer)
    })
    asked.pipe(passed)
  })
  process.env.AWS_ENDPOINT_URL_S3 = front.url
  servers.atEnd(() => Object.assign(process.env, s3.env))
  const comfy = await startComfy({ version: '0.8.0', speed: 100 })
  servers.atEnd(comfy.stop)
  const flags = flagsOf(bucket.name, '--redirect-links', '--keep-days', '3')
  const gateway = await startGateway(comfy.url, 'test/servers/disasters', flags)
  servers.atEnd(gateway.kill)
  const client = createClient({ baseUrl: gateway.told.url, apiKey: CANARY })
  const { data } = await executeWorkflow(client, 'copy', {
    photo: new Blob([Buffer.from(png)], { type: 'image/png' }),
  })
  const { outputs } = await waitForRun(client, data.run_id, polls)
  const { filename, url = '' } = outputs[0]!
  await until(bucket.keys, (keys) => keys.length === 2)
  assert.equal((await bucket.keys()).sort(), [
    'flowscale/flowscale.txt',
    `flowscale/out/${data.run_id}/${filename}`,
  ])
  const plain = new Uint8Array(await (await downloadOutput(client, outputs[0]!)).arrayBuffer())
  assert.ok(plain.length > 50)
  assert.equal(seen, [['GET', undefined]])
  const answer = await fetch(url!, { redirect: 'manual' })
  assert.is(answer.status, 302)
  const location = answer.headers.get('location')!
  assertNoCanary(location)
  assert.equal(new Uint8Array(await (await fetch(location)).arrayBuffer()), plain)
  const head = await fetch(url!, { method: 'HEAD', redirect: 'manual' })
  assert.equal([head.status, head.headers.get('content-length')], [200, String(plain.length)])

  // A page of another site, as the page of the docs lets it.
  await bucket.send('PUT', '?cors', toXml('CORSConfiguration', JSON.parse(blockOf(PAGE, 'cors'))))
  const { headers } = await fetch(location, { headers: { origin: 'null', range: 'bytes=0-3' } })
  assert.ok(['*', 'null'].includes(headers.get('access-control-allow-origin')!))
  assert.match(headers.get('access-control-expose-headers')!, 'content-range')
})

test('an upload whose caller goes away leaves nothing; after a kill, the rule of the docs removes it', async (servers) => {
  const bucket = await s3.makeBucket()
  const comfy = await startComfy({ version: '0.8.0' })
  servers.atEnd(comfy.stop)
  const gateway = await startGateway(comfy.url, 'test/servers/disasters', flagsOf(bucket.name))
  servers.atEnd(gateway.kill)
  const begin = () => {
    const headers = { 'x-api-key': CANARY, 'content-type': 'multipart/form-data; boundary=b' }
    const sent = request(`${gateway.told.url}/api/v1/runs?workflow_id=copy`, { method: 'POST', headers })
    sent.on('error', () => {})
    sent.write('--b\r\ncontent-disposition: form-data; name="photo"; filename="a.png"\r\n\r\n')
    sent.write(Buffer.alloc(20 * MB))
    return sent
  }
  const uploads = async () => (await bucket.uploads()).length
  const caller = begin()
  await until(uploads, (count) => count === 1)
  caller.destroy()
  await until(uploads, (count) => count === 0)
  begin()
  await until(uploads, (count) => count === 1)
  await gateway.kill()
  assert.equal(await bucket.keys(), ['flowscale/flowscale.txt'])
  assert.is(await uploads(), 1)
  const rule = JSON.parse(blockOf(PAGE, 'lifecycle'))
  await bucket.send('PUT', '?lifecycle', toXml('LifecycleConfiguration', rule))
  await until(uploads, (count) => count === 0)
  assert.equal(await bucket.keys(), ['flowscale/flowscale.txt'])
})

test('the rights of the docs are enough', async () => {
  const bucket = await s3.makeBucket('my-bucket')
  const policy = JSON.parse(blockOf(PAGE, 'policy'))
  const user = { AWS: `arn:aws:iam:::user/${s3.guestKeys.accessKeyId}` }
  const statements = policy.Statement.map((one: object) => ({ ...one, Principal: user }))
  await bucket.send('PUT', '?policy', JSON.stringify({ ...policy, Statement: statements }))
  const files = s3Files({ url: 's3://my-bucket/flowscale', endpoint: s3.endpoint, ...s3.guestKeys })
  await files.place()
  await files.put('in', 'r', 'a', body(9 * MB))
  assert.is(await sizeOf((await files.open('in', 'r', 'a', new Headers()))!), 9 * MB)
  const broken = new Error('broken')
  assert.is(await rejection(files.put('out', 'r', 'a', body(20 * MB, broken))), broken)
  assert.equal(await bucket.uploads(), [])
  assert.is(await read(files, 'out', 'r', 'a'), undefined)
  await files.removeInputs('r')
  await files.sweep(() => false)
  assert.equal(await bucket.keys(), ['flowscale/flowscale.txt'])
  const elsewhere = s3Files({ url: 's3://my-bucket/other', endpoint: s3.endpoint, ...s3.guestKeys })
  await rejection(elsewhere.put('in', 'r', 'a', bytes('x')))
})

test('the code of the docs', async (servers) => {
  const comfies = await Promise.all([1, 2].map(() => startComfy({ version: '0.8.0', speed: 100 })))
  for (const comfy of comfies) servers.atEnd(comfy.stop)
  const bucket = await s3.makeBucket()
  const code = blockOf(PAGE, 's3')
    .replace(/'http:\S+818(\d)'/g, (_, n) => `'${comfies[n]!.url}'`)
    .replace('flowscale/queue', folder)
    .replace("watchWorkflows('workflows')", "watchWorkflows('test/servers/disasters')")
    .replace('my-bucket', bucket.name)
  // Inside the repository, so that the packages are found by name.
  const file = resolve('.tmp/gateway-s3.mjs')
  mkdirSync('.tmp', { recursive: true })
  writeFileSync(file, code)
  servers.atEnd(() => rmSync(file))
  const { gateway } = await import(pathToFileURL(file).href)
  servers.atEnd(gateway.close)
  const client = createClient({ baseUrl: gateway.url, apiKey: 'my-long-key', fetch: gateway.fetch })
  const { data } = await executeWorkflow(client, 'brief', { seed: 1 })
  const { outputs } = await waitForRun(client, data.run_id, polls)
  assert.ok((await (await downloadOutput(client, outputs[0]!)).arrayBuffer()).byteLength > 50)
  assert.ok((await bucket.keys()).some((key) => key.includes(data.run_id)))
})

test('what is wrong with the files is known at the start', async (servers) => {
  servers.atEnd(() => Object.assign(process.env, s3.env))
  const bucket = await s3.makeBucket()
  const cases: [url: string, env: Record<string, string>, code: number, reason: RegExp][] = [
    ['s3://no-such-bucket', {}, 1, /NoSuchBucket/],
    [`s3://${bucket.name}`, { AWS_SECRET_ACCESS_KEY: `${CANARY}-wrong` }, 1, /SignatureDoesNotMatch/],
    [
      `s3://${bucket.name}`,
      { AWS_ENDPOINT_URL_S3: '', AWS_ENDPOINT_URL: `http://127.0.0.1:${await freePort()}` },
      1,
      /REFUSED/,
    ],
    [`s3://${bucket.name}`, { AWS_ENDPOINT_URL_S3: 'nonsense' }, 2, /"endpoint"/],
    ['nonsense', {}, 2, /"url"/],
  ]
  for (const [url, env, code, reason] of cases) {
    Object.assign(process.env, { ...s3.env, AWS_ENDPOINT_URL: '' }, env)
    const own = ['--workers', '--workflows', 'test/servers/disasters', '--data', folder, '--no-key']
    const command = 'packages/gateway/bin/flowscale-gateway.js'
    const { message } = await rejection(startProcess([command, ...own, '--files', url]))
    const [, found, text] = /ended with (\d+): (.*)$/s.exec(message)!
    assert.equal([Number(found), text!.trim().split('\n').length], [code, 1], message)
    assert.match(text!, reason)
  }
})

/** What a gateway takes for two files on their way, and for what is not yet collected. */
const MOST_MB = 100

test(`${megabytes} MB go into S3 and out of it in flat memory`, async (servers) => {
  const bucket = await s3.makeBucket()
  const comfy = await startSmallComfy()
  servers.atEnd(comfy.kill)
  const flags = flagsOf(bucket.name)
  const gateway = await startGateway(comfy.told.url, 'test/conformance/gateway', flags)
  servers.atEnd(gateway.kill)
  const { url } = gateway.told
  const client = createClient({ baseUrl: url, apiKey: CANARY, fetch })
  const output = join(comfy.told.folder, 'output')
  /** An output of so many MB comes from ComfyUI, and goes to the caller. */
  const bring = async (size: number): Promise<void> => {
    // It can't be read before it is as large as it shall be.
    comfy.tell(JSON.stringify([{ on: 'GET /view', do: 'status', status: 500 }]))
    const run = await executeWorkflow(client, 'bncu0a1kipv', { text_51536: `${size} MB` })
    const [picture] = await until(
      () => readdirSync(output),
      (names) => names.length > 0,
    )
    truncateSync(join(output, picture!), size * MB)
    comfy.tell('[]')
    const { outputs } = await waitForRun(client, run.data.run_id, { ...polls, timeoutMs: 600_000 })
    await download(client, outputs[0]!, size)
    rmSync(join(output, picture!))
  }
  await upload(url, 8)
  await bring(8)
  const before = memoryOf(gateway.pid)
  const into = await mostMemoryOf(gateway.pid, () => upload(url, megabytes))
  const out = await mostMemoryOf(gateway.pid, () => bring(megabytes))
  console.log(
    `[show] ${megabytes} MB through S3: RSS ${before.toFixed()} MB before, at most ${into.toFixed()} MB while an input came, ${out.toFixed()} MB while an output went`,
  )
  assert.ok(into - before < MOST_MB, `in: ${(into - before).toFixed()} MB more`)
  assert.ok(out - before < MOST_MB, `out: ${(out - before).toFixed()} MB more`)
})

/** What the tools of S3 make of such JSON: a list has its items one after another. */
function toXml(name: string, value: unknown): string {
  if (Array.isArray(value)) return value.map((item) => toXml(name.replace(/s$/, ''), item)).join('')
  const isObject = typeof value === 'object' && value !== null
  const content = isObject
    ? Object.entries(value)
        .map(([key, item]) => toXml(key, item))
        .join('')
    : String(value)
  return `<${name}>${content}</${name}>`
}
