// Runs every code block of the READMEs, as it is written but for the address of the local FlowScale.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { transformSync } from 'esbuild'
import { encode } from 'fast-png'
import { assert, suite } from '#test'
import { runCommand } from '../../scripts/test/runFile.ts'
import { startComfy } from '../comfyui/server/startComfy.ts'
import { startCli } from '../support/startCli.ts'

const test = suite('README')
// Inside the repository, so that the packages are found by name.
const folder = join(process.cwd(), '.tmp/readme')
const documents = [
  'README.md',
  'MIGRATING.md',
  ...[
    'command',
    'command-scripts',
    'emulator',
    'emulator-reference',
    'errors',
    'files',
    'many-runs',
    'mcp',
    'progress',
    'proxy',
    'proxy-reference',
    'running',
    'runtimes',
    'store',
    'typed-workflows',
    'without-client',
  ].map((name) => `docs/${name}.md`),
  ...['', '-hosting', '-several', '-reference'].map((name) => `docs/gateway${name}.md`),
  ...['client', 'flowscale', 'gateway', 'emulator', 'ai-sdk', 'mcp'].map(
    (name) => `packages/${name}/README.md`,
  ),
]

/** Commands that other tests run: which. */
const elsewhere: Record<string, string> = {
  'npm start': 'test/examples/demo.test.ts',
  'npm start -- --gateway --api-key my-long-key': 'test/examples/demo.test.ts',
  'npm test': 'this run',
  'npm install @flowscale/client': 'test/dist/pack.test.ts',
  'npm install flowscale': 'test/dist/pack.test.ts',
  'npm install ./*.tgz': 'test/dist/pack.test.ts',
  'mkdir -p ../my-app && npm run pack -- ../my-app': 'test/dist/pack.test.ts',
  'npm install @flowscale/gateway': 'test/dist/pack.test.ts',
  'npx @flowscale/mcp --listen 4191': 'test/unit/mcp/createAccess.test.ts',
  'npm install ai @flowscale/client @flowscale/ai-sdk': 'test/frameworks/aiSdk.frameworks.ts',
  'node examples/node-script.mjs "a lighthouse at dusk"': 'test/examples/examples.test.ts',
  'node examples/node-batch.mjs "a red fox in snow" "desert dawn"': 'test/examples/examples.test.ts',
  'node examples/node-websocket-example.js "aurora over a lake"': 'test/examples/examples.test.ts',
  'deno run --allow-net --allow-env=FLOWSCALE_API_URL,FLOWSCALE_API_KEY --allow-write=. examples/deno.ts "a red fox in snow"':
    'test/runtimes/deno.runtime.ts',
  'npm install --save-dev @flowscale/emulator': 'test/dist/pack.test.ts',
  'npm install @flowscale/client express': 'test/frameworks/express.frameworks.ts',
  'npm install @flowscale/client hono @hono/node-server': 'test/frameworks/hono.frameworks.ts',
  'node server.mjs': 'test/frameworks/express.frameworks.ts, hono.frameworks.ts',
  'NODE_OPTIONS=--experimental-vm-modules npx jest': 'test/bundlers/tarballs.bundler.ts',
}

/** Labels of blocks, and the tests that run them. */
const labels = new Map([
  ['service', 'test/examples/gatewayPages.test.ts'],
  ['queue', 'test/examples/gatewayPages.test.ts'],
  ['background', 'test/examples/background.test.ts'],
  ['vitest', 'test/bundlers/tarballs.bundler.ts'],
  ['host', 'test/frameworks/mcp.frameworks.ts'],
  ['playwright', 'test/frameworks/playwright.frameworks.ts'],
  ...['worker', 'kv', 'deno', 'bun'].map(
    (label) => [label, 'test/runtimes/gatewayServed.runtime.ts'] as const,
  ),
  ['redis', 'test/runtimes/storage.runtime.ts'],
  ...['curl', 'form', 'urllib', 'streams', 'n8n'].map(
    (label) => [label, 'test/examples/withoutClient.test.ts'] as const,
  ),
])

/** The first line of a file of an app, which test/frameworks builds. */
const ofApp = /^(\/\/|<!--|#) \S+\.\w+( -->)?\n/

type Cli = Awaited<ReturnType<typeof startCli>>
let local: Cli
let gateway: Cli
let comfy: Awaited<ReturnType<typeof startComfy>>
test.before(async () => {
  mkdirSync(folder, { recursive: true })
  const data = new Uint8Array(32 * 32 * 3).map((_, index) => index % 251)
  writeFileSync(join(folder, 'photo.png'), encode({ width: 32, height: 32, channels: 3, data }))
  writeFileSync(join(folder, 'prompts.csv'), 'text_51536,seed\ndawn,1\ndusk,2\n')
  // Faster than a reader's, and slow enough for a wait of 200 ms to time out.
  local = await startCli('emulator', '--speed', '5')
  comfy = await startComfy({ version: '0.8.0' })
  cpSync('test/comfyui/workflows', join(folder, 'workflows'), { recursive: true })
  cpSync('test/comfyui/workflows/text-to-image.json', join(folder, 'graph.json'))
  const flags = ['--comfyui', comfy.url, '--workflows', join(folder, 'workflows'), '--api-key', 'my-long-key']
  gateway = await startCli('gateway', ...flags)
})
test.after(async () => {
  await local.stop()
  await gateway.stop()
  await comfy.stop()
  rmSync(folder, { recursive: true })
})

test('each block passes a strict compiler, as TypeScript', async () => {
  const files = documents.flatMap((document, number) => {
    const blocks = readFileSync(document, 'utf8').matchAll(/^```(js|tsx?)\n([\s\S]*?)^```/gm)
    const whole = [...blocks].filter(([, , code]) => !ofApp.test(code!))
    return whole.map(([, language, code], index) => {
      const name = `${number}-${document.replace(/\W/g, '_')}-${index + 1}.${language === 'tsx' ? 'tsx' : 'ts'}`
      const file = join(folder, name)
      writeFileSync(file, `${code}\nexport {}\n`)
      return file
    })
  })
  assert.ok(files.length > 30)
  assert.is(await compile(files), '')
})

for (const document of documents) {
  const blocks = [...readFileSync(document, 'utf8').matchAll(/^```(\w*(?: \w+)?)\n([\s\S]*?)^```/gm)]
  test(`${document} has blocks`, () => assert.ok(blocks.length > 0))
  blocks.forEach(([, language, code], index) => {
    test(`${document}, block ${index + 1} (${language})`, async () => {
      if (language === 'sh') return runShell(code!, document)
      // A block with a label is run by a test of its own, which names it.
      if (language!.includes(' ')) return assert.ok(labels.has(language!.split(' ')[1]!), language)
      if (ofApp.test(code!)) return
      // Settings that a block after it reads.
      if (language === 'ini') return assert.match(code!, /^(\w+=\S+\n)+$/)
      // What a command prints or reads.
      if (language === 'text') return
      if (language === 'dockerfile' || language === 'yaml') return // test/examples/docker.test.ts reads them.
      // Ones like it run in test/browser; its types are checked with those of all.
      if (language === 'tsx') return
      // A sidecar, which test/unit/gateway/comfyui/workflows/readWorkflow.test.ts reads.
      if (language === 'json') return assert.ok(JSON.parse(code!).inputs)
      assert.ok(
        ['js', 'ts', 'cjs'].includes(language!),
        `no way to run ${language || 'a block without a language'}`,
      )
      const file = join(folder, `block-${index}.${language === 'cjs' ? 'cjs' : 'mjs'}`)
      const local = code!.replaceAll(
        /http:\/\/127\.0\.0\.1:(4188|8188)/g,
        (_, port) => (port === '8188' ? comfy : servedBy(document, code)).url,
      )
      writeFileSync(file, language === 'ts' ? transformSync(local, { loader: 'ts' }).code : local)
      // As a user runs it: by the packages as built.
      const { code: exit, output } = await runCommand(process.execPath, [file], { cwd: folder })
      assert.is(exit, 0, output)
    })
  })
}

test('README.md has at most 8,192 bytes, and the figures of their sources', async () => {
  const readme = readFileSync('README.md', 'utf8')
  assert.ok(Buffer.byteLength(readme) <= 8192)
  const { output } = await runCommand('npm', ['run', 'size', '--silent'])
  const brotli = (name: string) => {
    const [, bytes] = new RegExp(`#${name} +\\d+ +\\d+ +(\\d+) `, 'm').exec(output)!
    return `${(Number(bytes) / 1000).toFixed(1)} KB`
  }
  const [performance, cluster] = ['docs/performance.md', 'test/servers/cluster.servers.ts'].map((file) =>
    readFileSync(file, 'utf8'),
  )
  const [, call, bare] = /^\| checkHealth, one by one +\| (\d+) µs +\| (\d+) /m.exec(performance!)!
  const [, idle] = /^\| .*: idle time of 20 GPUs .*, median +\| (\d+ ms)/m.exec(performance!)!
  const plays = [...cluster!.matchAll(/seed: first, count: (\d+), kills: (\d+)/g)]
  const sum = (at: number) => plays.reduce((all, play) => all + Number(play[at]), 0)
  for (const figure of [
    `**${brotli('checkHealth')}**`,
    `it is ${brotli('executeWorkflowAsync')} (`,
    `**${Number(call) - Number(bare)} µs**`,
    `**${idle}**`,
    `**0 of ${sum(1)}**`,
    `killed ${sum(2)} times`,
  ])
    assert.ok(readme.includes(figure), `${figure} is not in README.md`)
  assert.ok(readFileSync('packages/client/README.md', 'utf8').includes(`has ${brotli('checkHealth')} of`))
  const pages = brotli('executeWorkflowAsync \\(browser\\)').replace(' KB', '')
  const both = `${brotli('executeWorkflowAsync')}, ${pages} in pages`
  assert.ok(readFileSync('docs/compared.md', 'utf8').includes(both), both)
})

/** What a strict compiler says of files. */
async function compile(files: string[]): Promise<string> {
  const flags =
    '--strict --jsx react-jsx --module esnext --moduleResolution bundler --target es2022 --skipLibCheck --noEmit --types node'
  const args = ['node_modules/typescript7/bin/tsc', ...flags.split(' '), ...files]
  return (await runCommand(process.execPath, args)).output
}

/** Pages on your own ComfyUI, and code with its key, run on the gateway, all others on the local FlowScale. */
function servedBy(document: string, code = ''): Cli {
  return /gateway|comfyui/.test(document) || code.includes("'my-long-key'") ? gateway : local
}

async function runShell(code: string, document: string): Promise<void> {
  for (const line of code.trim().split('\n')) {
    if (elsewhere[line]) continue
    if (/^(npx )?flowscale /.test(line)) {
      await runFlowscale(line, document)
      continue
    }
    // A server runs until it is stopped: look that it starts, on a port that is free.
    const [, name] = /^npx @flowscale\/(emulator|gateway)\b/.exec(line) ?? []
    assert.ok(name, `no way to run: ${line}`)
    const args = line
      .replace(/ --port \d+/, '')
      .split(' ')
      .slice(1)
    if (name === 'gateway') args.push('--comfyui', comfy.url)
    const child = spawn('npx', [...args, '--json', '--port', '0'], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    })
    const [first] = await Promise.race([
      once(createInterface({ input: child.stdout }), 'line'),
      once(child, 'exit'),
    ])
    assert.match(JSON.parse(first).url, /^http:/)
    process.kill(-child.pid!)
  }
}

/** The command, on the server of the page. */
async function runFlowscale(line: string, document: string): Promise<void> {
  const server = servedBy(document)
  const bin = join(process.cwd(), 'packages/flowscale/bin/flowscale.js')
  const command = line.replace(/^(npx )?flowscale/, `node ${bin}`)
  const { code, output } = await runCommand('sh', ['-c', `cd ${folder} && ${command}`], {
    env: { FLOWSCALE_API_URL: server.url, FLOWSCALE_API_KEY: server.apiKey },
  })
  assert.is(code, 0, output)
}
