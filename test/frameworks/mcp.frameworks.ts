// MCP as it is installed: the settings of the docs, the official client 1.x on each Node, the Inspector, and sharp.
import { readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { assert, suite } from '#test'
import { emptyFolder, install, pack } from '../bundlers/pack.ts'
import { nodePath } from '../runtimes/command.ts'
import { assertNoCanary, CANARY } from '../support/canary.ts'
import { startProgram } from '../support/startCli.ts'
import { openPod, type Pod, token } from '../unit/mcp/openPod.ts'
import { runProgram } from './kit/start.ts'

const test = suite('MCP, installed')
const folder = emptyFolder('flowscale-mcp-')
const others = [
  ...['@modelcontextprotocol/sdk@1.32.2', '@modelcontextprotocol/inspector@2.12.0', 'sharp@0.35.5'],
  // The first client, whose revision is 2024-11-05, and one of 2025-03-26.
  ...['sdk-1.0@npm:@modelcontextprotocol/sdk@1.0.4', 'sdk-1.12@npm:@modelcontextprotocol/sdk@1.12.0'],
]
install(folder, ...pack(folder, 'client', 'mcp'), ...others)
const found = createRequire(join(folder, 'app.js'))
const load = (name: string): Promise<any> => import(pathToFileURL(found.resolve(name)).href)
const bin = join(folder, 'node_modules/@flowscale/mcp/bin/flowscale-mcp.js')
const NEWEST = '@modelcontextprotocol/sdk'
const { StdioClientTransport } = await load(`${NEWEST}/client/stdio.js`)

let pod: Pod
test.before(async () => {
  pod = await openPod()
})
const open: { close(): Promise<void> }[] = []
test.after.each(async () => {
  for (const one of open.splice(0)) await one.close()
})
test.after(async () => {
  await pod.close()
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})
const env = () => ({ FLOWSCALE_API_URL: pod.url, FLOWSCALE_API_KEY: CANARY, PATH: process.env.PATH! })

/** A client 1.x, and its calls. */
async function connect(transport: unknown, sdk = NEWEST) {
  const { Client } = await load(`${sdk}/client/index.js`)
  const client = new Client({ name: 'old', version: '1' }, { capabilities: {} })
  open.push(client)
  await client.connect(transport)
  return {
    list: async (): Promise<string[]> => (await client.listTools()).tools.map(({ name }: any) => name),
    async call(name: string, args: object = {}): Promise<any[]> {
      const { content } = await client.callTool({ name, arguments: args })
      assertNoCanary(content, 'a result')
      return content
    },
  }
}
const tools = ['Held', 'Many_texts', 'Paint_a_picture', 'wait_run', 'cancel_run', 'list_runs', 'get_output']
const missing = (listed: readonly string[]) => tools.filter((name) => !listed.includes(name))

for (const document of ['docs/mcp.md', 'packages/mcp/README.md']) {
  test(`the settings in ${document} start it`, async () => {
    const [, block = ''] = /^```json host\n([\s\S]*?)^```/m.exec(readFileSync(document, 'utf8'))!
    const { command, args, env: given } = JSON.parse(block).mcpServers.flowscale
    assert.equal(Object.keys(given).sort(), ['FLOWSCALE_API_KEY', 'FLOWSCALE_API_URL'])
    const words = args.map((word: string) => (word === 'Text to Image' ? 'Held' : word))
    const own = await connect(
      new StdioClientTransport({ command, args: words, env: env(), cwd: folder, stderr: 'pipe' }),
    )
    assert.ok((await own.list()).includes('Held'))
  })
}

const nodes: readonly (readonly [name: string, path: string])[] = [
  ['the oldest', resolve('test/runtimes/node_modules/node20-oldest/bin/node')],
  ...[20, 22, 24, 26].map((major) => [`${major}`, nodePath(major)] as const),
]
for (const [name, command] of nodes) {
  test(`the client 1.x over stdio, on Node ${name}: one run a key, with its picture`, async () => {
    const transport = () => new StdioClientTransport({ command, args: [bin], env: env(), stderr: 'pipe' })
    const [one, other] = [await connect(transport()), await connect(transport())]
    assert.equal(missing(await one.list()), [])
    const before = pod.emulator.ledger.runs.length
    const args = { prompt: 'a fox', request_key: `key-of-node-${name.replace(' ', '-')}` }
    const results = await Promise.all([one, other].map(({ call }) => call('Paint_a_picture', args)))
    for (const content of results) assert.equal(typesOf(content), ['text', 'resource_link', 'image'])
    assert.is(pod.emulator.ledger.runs.length, before + 1)
  })
}

/** What a client reads of a paid result: whether its revision has links. */
const clients: readonly (readonly [sdk: string, hasLinks: boolean])[] = [
  ['sdk-1.0', false],
  ['sdk-1.12', false],
  [NEWEST, true],
]
const typesOf = (content: readonly any[]): string[] => content.map(({ type }) => type)

for (const [sdk, hasLinks] of clients) {
  test(`${sdk} over stdio reads a result in blocks of its revision`, async () => {
    const { StdioClientTransport } = await load(`${sdk}/client/stdio.js`)
    const transport = new StdioClientTransport({ command: process.execPath, args: [bin], env: env() })
    const { list, call } = await connect(transport, sdk)
    assert.equal(missing(await list()), [])
    const content = await call('Paint_a_picture', { prompt: 'a fox' })
    assert.equal(typesOf(content), ['text', ...(hasLinks ? ['resource_link'] : []), 'image'])
    assert.match(content[0].text, /: completed\.\n.*: http:/)
  })

  // The first client has no such transport.
  if (sdk === 'sdk-1.0') continue
  test(`${sdk} over HTTP reads a result in blocks of its revision`, async () => {
    const options = { env: { ...env(), FLOWSCALE_MCP_TOKEN: token } }
    const { child, ended, printed } = startProgram(process.execPath, [bin, '--listen', '0'], options)
    try {
      const { StreamableHTTPClientTransport } = await load(`${sdk}/client/streamableHttp.js`)
      const [, url = ''] = /Listening on (\S+)/.exec(await printed(/Listening on \S+\n/))!
      const requestInit = { headers: { authorization: `Bearer ${token}` } }
      const transport = new StreamableHTTPClientTransport(new URL(url), { requestInit })
      const { list, call } = await connect(transport, sdk)
      assert.equal(missing(await list()), [])
      const [{ text }] = await call('Paint_a_picture', { prompt: 'a fox' })
      const [, runId] = /Run (\S+) was started/.exec(text)!
      const content = await call('wait_run', { run_id: runId })
      assert.equal(typesOf(content), ['text', ...(hasLinks ? ['resource_link'] : []), 'image'])
    } finally {
      child.kill('SIGTERM')
    }
    const { code, stderr } = await ended
    assert.is(code, 0)
    assert.not.match(stderr, token)
  })
}

test('the Inspector lists the tools, and calls one', async () => {
  const { bin: bins } = JSON.parse(
    readFileSync(join(folder, 'node_modules/@modelcontextprotocol/inspector/package.json'), 'utf8'),
  )
  const program = nodePath(22)
  const inspector = join(folder, 'node_modules/@modelcontextprotocol/inspector', bins['mcp-inspector'])
  const given = Object.entries(env()).flatMap((entry) => ['-e', entry.join('=')])
  const inspect = (...args: string[]) =>
    runProgram({ cwd: folder, program, args: [inspector, '--cli', ...given, program, bin, ...args] })
  const listed = await inspect('--method', 'tools/list')
  for (const name of tools) assert.match(listed, `"${name}"`)
  const words = ['--tool-name', 'Paint_a_picture', '--tool-arg', 'prompt=a fox']
  assert.match(await inspect('--method', 'tools/call', ...words), 'completed')
})

test('with sharp, a large picture is shown with at most 768 pixels and 80 KB', async () => {
  const own = await connect(
    new StdioClientTransport({ command: process.execPath, args: [bin], env: env(), stderr: 'pipe' }),
  )
  const content = await own.call('Paint_a_picture', { prompt: 'large' })
  const { data, mimeType } = content.find(({ type }) => type === 'image')
  const bytes = Buffer.from(data, 'base64')
  assert.is(mimeType, 'image/jpeg')
  assert.ok(bytes.length <= 80_000)
  const { default: sharp } = await load('sharp')
  const { width, height } = await sharp(bytes).metadata()
  assert.is(Math.max(width, height), 768)
})
