// The tarballs as they are shipped: installed by every package manager, loaded by import and require in every Node and
// by Jest, without a side effect.
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { createEmulator } from '@flowscale/emulator'
import { serve } from '@flowscale/emulator/node'
import { assert, suite } from '#test'
import { runCommand } from '../../scripts/test/runFile.ts'
import { bunPath, nodePath, nodes } from '../runtimes/command.ts'
import { emptyFolder, install, type PackageName, pack } from './pack.ts'

const test = suite('tarballs in use')
const tools = resolve('test/bundlers/node_modules')
const root = emptyFolder('flowscale-tarballs-')
process.on('exit', () => rmSync(root, { recursive: true, force: true, maxRetries: 5 }))

const packages: Record<PackageName, string> = {
  client: '@flowscale/client',
  flowscale: 'flowscale',
  gateway: '@flowscale/gateway',
  emulator: '@flowscale/emulator',
  'ai-sdk': '@flowscale/ai-sdk',
  mcp: '@flowscale/mcp',
}
const names = Object.keys(packages) as PackageName[]
const tarballs = Object.fromEntries(
  pack(root, ...names).map((file) => {
    const name = names.find((name) =>
      basename(file).startsWith(`${packages[name].slice(1).replace('/', '-')}-0`),
    )
    return [name ?? 'flowscale', file]
  }),
) as Record<PackageName, string>
const filesIn = (tarball: string): string[] =>
  execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((file) => file.replace(/^package\//, ''))
    .sort()

/** Every entry point of every package, by its name, but for the hooks: React is not there, and its import has effects. */
const entries = names.flatMap((name) =>
  Object.keys(JSON.parse(readFileSync(`packages/${name}/package.json`, 'utf8')).exports)
    // Without those that need an optional peer.
    .filter((entry) => !['./package.json', './react', './redis', './s3'].includes(entry))
    .map((entry) => packages[name] + entry.slice(1)),
)

/** Runs a command in a folder; gives what it said, and throws if that ended badly. */
async function run(folder: string, command: string, args: string[], env: Record<string, string> = {}) {
  const inside = ['-c', 'cd "$0" && exec "$@"', folder, command, ...args]
  const { code, output } = await runCommand('sh', inside, { env: { NO_COLOR: '1', ...env } })
  if (code !== 0) throw new Error(`${[command, ...args].join(' ')} ended with ${code}\n${output}`)
  return output
}

const program = `import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { checkHealth, createClient } from '@flowscale/client'
import { createLogger } from '@flowscale/client/logger'
import { executeWorkflowAsync } from '@flowscale/client/poller'
import { createProxyHandler } from '@flowscale/client/proxy'
import { connectWebSocket } from '@flowscale/client/websocket'
import { createEmulator } from '@flowscale/emulator'
import { serve } from '@flowscale/emulator/node'
import { FlowscaleAPI } from 'flowscale'

const workflow = { id: 'echo', name: 'Echo', description: 'As it came', inputs: { text: 'string' }, outputs: { echo: 'file' } }
const data = new Uint8Array([104, 105])
const run = () => ({ echo: { data, type: 'text/plain' } })
const emulator = createEmulator({ speed: 1000, workflows: [{ ...workflow, run }] })
const { url, close } = await serve(emulator)
const options = { baseUrl: url, apiKey: emulator.apiKey }
const { outputs } = await executeWorkflowAsync(createClient(options), 'echo', { text: 'hi' }, { pollIntervalMs: 10 })
const health = await new FlowscaleAPI(options).checkHealth()
await close()
emulator.close()
const files = (folder, below = '') =>
  readdirSync(join(folder, below), { withFileTypes: true }).flatMap((entry) =>
    // Bun leaves a mark of its own.
    ['node_modules', '.bun-tag'].includes(entry.name) ? [] : entry.isDirectory() ? files(folder, join(below, entry.name)) : [join(below, entry.name)],
  )
const installed = ${JSON.stringify(Object.values(packages))}.map((name) =>
  files(dirname(fileURLToPath(import.meta.resolve(name + '/package.json')))).sort(),
)
const loaded = [checkHealth, createLogger, createProxyHandler, connectWebSocket].map((one) => typeof one)
console.log(JSON.stringify({ outputs: outputs.length, health: health.data.length, loaded, installed }))
`

interface Manager {
  name: string
  install: [command: string, args: string[]]
  run: [command: string, args: string[]]
  env?: Record<string, string>
  files?: (folder: string) => Record<string, string>
  manifest?: object
}

/** What packages of this workspace depend on. */
const local = {
  '@flowscale/client': `file:${tarballs.client}`,
  '@flowscale/gateway': `file:${tarballs.gateway}`,
}
const node = process.execPath
const yarn = `${tools}/@yarnpkg/cli-dist/bin/yarn.js`
const bun = bunPath()
const yarnEnv = {
  YARN_ENABLE_TELEMETRY: '0',
  YARN_ENABLE_GLOBAL_CACHE: '0',
  YARN_ENABLE_IMMUTABLE_INSTALLS: '0',
}
// None is published yet: each manager is told where the dependencies lie.
const managers: Manager[] = [
  {
    name: 'npm',
    install: ['npm', ['install', '--no-audit', '--no-fund', '--prefer-offline']],
    run: [node, ['app.mjs']],
  },
  {
    name: 'pnpm',
    install: [
      node,
      [`${tools}/pnpm/bin/pnpm.cjs`, 'install', '--no-frozen-lockfile', '--store-dir', '.store'],
    ],
    run: [node, ['app.mjs']],
    files: () => ({ 'pnpm-workspace.yaml': JSON.stringify({ overrides: local }) }),
  },
  {
    name: 'yarn',
    install: [node, [yarn, 'install']],
    run: [node, ['app.mjs']],
    env: yarnEnv,
    files: () => ({ '.yarnrc.yml': 'nodeLinker: node-modules\n', 'yarn.lock': '' }),
    manifest: { resolutions: local },
  },
  {
    name: 'yarn, plug’n’play',
    install: [node, [yarn, 'install']],
    run: [node, [yarn, 'node', 'app.mjs']],
    env: yarnEnv,
    files: () => ({ '.yarnrc.yml': 'nodeLinker: pnp\n', 'yarn.lock': '' }),
    manifest: { resolutions: local },
  },
  {
    name: 'bun',
    install: [bun, ['install']],
    run: [bun, ['app.mjs']],
    env: { BUN_INSTALL_CACHE_DIR: '.cache' },
    manifest: { overrides: local },
  },
]

for (const { name, install, run: start, env, files, manifest } of managers) {
  test(`installed by ${name}, all is there and runs`, async () => {
    const folder = join(root, name.replace(/\W+/g, '-'))
    mkdirSync(folder)
    const dependencies = Object.fromEntries(names.map((key) => [packages[key], `file:${tarballs[key]}`]))
    const own = { name: 'app', private: true, type: 'module', dependencies, ...manifest }
    writeFileSync(join(folder, 'package.json'), JSON.stringify(own))
    writeFileSync(join(folder, 'app.mjs'), program)
    for (const [file, text] of Object.entries(files?.(folder) ?? {})) writeFileSync(join(folder, file), text)
    await run(folder, ...install, env)
    const { installed, ...rest } = JSON.parse(await run(folder, ...start, env))
    assert.equal(rest, { outputs: 1, health: 2, loaded: Array(4).fill('function') })
    assert.equal(
      installed,
      names.map((key) => filesIn(tarballs[key])),
    )
  })
}

// One folder for all that follows.
const app = join(root, 'app')
test.before(() => {
  mkdirSync(app)
  writeFileSync(join(app, 'package.json'), '{ "private": true }')
  install(app, ...Object.values(tarballs))
  for (const file of ['trap.mjs', 'guilty.mjs']) cpSync(`test/bundlers/${file}`, join(app, file))
  mkdirSync(join(app, 'node_modules/@babel'))
  for (const name of ['babel-jest', '@babel/plugin-transform-modules-commonjs', 'vitest'])
    symlinkSync(join(tools, name), join(app, 'node_modules', name))
})

for (const major of nodes.filter((major) => major > 18)) {
  test(`require() in Node ${major}: the exports of import, and not a word`, async () => {
    writeFileSync(
      join(app, 'require.cjs'),
      `const entries = ${JSON.stringify(entries)}
       const names = (all) => Object.keys(all).filter((name) => name !== '__esModule').sort().join()
       const required = entries.map((entry) => names(require(entry)))
       Promise.all(entries.map((entry) => import(entry))).then((imported) => {
         console.log(JSON.stringify([required, imported.map(names)]))
       })`,
    )
    const [required, imported] = JSON.parse(await run(app, nodePath(major), ['require.cjs']))
    assert.equal(required, imported)
    assert.is(required.length, entries.length)
    assert.ok(required.every((all: string) => all.length > 0))
  })
}

test('Node 18 has no require() of ES modules', async () => {
  writeFileSync(join(app, 'old.cjs'), "require('@flowscale/client')")
  assert.match(await run(app, nodePath(18), ['old.cjs']).catch(String), 'ERR_REQUIRE_ESM')
})

const blocks = [...readFileSync('packages/client/README.md', 'utf8').matchAll(/^```cjs\n([\s\S]*?)^```/gm)]
test('the README tells both ways', () => assert.is(blocks.length, 2))
blocks.forEach(([, code], index) => {
  const versions = code!.includes('require(') ? nodes.filter((major) => major > 18) : nodes
  for (const major of versions) {
    test(`the README’s block ${index + 1} of CommonJS runs in Node ${major}`, async () => {
      const emulator = createEmulator({ apiKey: 'fsk_local_demo_key' })
      const { url, close } = await serve(emulator)
      try {
        writeFileSync(join(app, 'block.cjs'), code!.replaceAll('http://127.0.0.1:4188', url))
        assert.is(await run(app, nodePath(major), ['block.cjs']), '2\n')
      } finally {
        await close()
        emulator.close()
      }
    })
  }
})

const load = (how: 'require' | 'await import') => `test('paints', async () => {
  const { createClient } = ${how}('@flowscale/client')
  const { executeWorkflowAsync } = ${how}('@flowscale/client/poller')
  const { createEmulator } = ${how}('@flowscale/emulator')
  const { FlowscaleAPI } = ${how}('flowscale')
  const emulator = createEmulator({ speed: 1000 })
  const { url: baseUrl, apiKey, fetch } = emulator
  const client = createClient({ baseUrl, apiKey, fetch })
  const { outputs } = await executeWorkflowAsync(client, 't3xtwr1ter00', { prompt: 'x' }, { pollIntervalMs: 10 })
  const health = await new FlowscaleAPI({ baseUrl, apiKey, fetch }).checkHealth()
  emulator.close()
  expect([outputs.length, health.data.length]).toEqual([1, 2])
})
`
const [, jestConfig = ''] =
  /^## Jest\n[\s\S]*?^```cjs\n([\s\S]*?)^```/m.exec(readFileSync('docs/emulator.md', 'utf8')) ?? []
const ways: [name: string, code: string, config: string, flags: string[]][] = [
  ['imports with the flag', load('await import'), '', ['--experimental-vm-modules']],
  ['requires by the guide’s transform', load('require'), jestConfig, []],
]
for (const [name, code, config, flags] of ways) {
  for (const major of [18, 20, 22, 24]) {
    test(`Jest in Node ${major} ${name}`, async () => {
      const folder = join(app, name.replace(/\W+/g, '-'))
      mkdirSync(folder, { recursive: true })
      writeFileSync(join(folder, 'app.test.js'), code)
      writeFileSync(join(folder, 'jest.config.cjs'), config)
      await run(folder, nodePath(major), [
        ...flags,
        `${tools}/jest/bin/jest.js`,
        '--no-cache',
        '--testTimeout=60000',
      ])
    })
  }
}

const [, vitestBlock = ''] =
  /^```js vitest\n([\s\S]*?)^```/m.exec(readFileSync('docs/emulator.md', 'utf8')) ?? []
for (const major of [20, 22, 24]) {
  test(`Vitest in Node ${major} runs the guide’s test`, async () => {
    const folder = join(app, 'vitest')
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'app.test.js'), vitestBlock)
    await run(folder, nodePath(major), [`${tools}/vitest/vitest.mjs`, 'run', '--root', folder])
  })
}

// What dependencies do when they are imported: of the gateway, the emulator and MCP, as the client and the class have none.
const allowed: Record<string, string[]> = {
  '@flowscale/emulator': ['queueMicrotask by fflate'],
  '@flowscale/gateway/node': ['Buffer by ws', 'process by ws', 'process.env by ws'],
  '@flowscale/emulator/node': [
    'Buffer by ws',
    'process by ws',
    'process.env by ws',
    'queueMicrotask by fflate',
  ],
  '@flowscale/mcp': ['globals: __zod_globalConfig', 'globals: __zod_globalRegistry', 'navigator by zod'],
}
const debug = { NODE_DEBUG: 'net,http,https,http2,tls,dns,fetch,undici' }
const trap = (major: number, specifier: string) =>
  run(app, nodePath(major), ['trap.mjs', specifier], { ...debug, NODE_NO_WARNINGS: '1' })

for (const major of nodes) {
  for (const entry of entries) {
    test(`importing ${entry} in Node ${major} has no effect`, async () =>
      assert.equal(
        JSON.parse(await trap(major, entry)),
        // Node 18 and 20 have no `navigator`.
        (allowed[entry] ?? []).filter((effect) => major > 20 || effect !== 'navigator by zod'),
      ))
  }
  test(`an import that has effects is caught in Node ${major}`, async () => {
    const said = await trap(major, './guilty.mjs')
    for (const word of [
      ...['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'console.debug', 'fetch', 'Headers'],
      ...['FormData', 'Request', 'Response', 'performance', 'Buffer', 'AbortSignal.timeout', 'Math.random'],
      ...['Date.now', 'process', 'process.env', 'globals: left', 'prototypes: Object.prototype.left'],
      ...['resources: TCPSocketWrap', 'listeners: exit'],
      // Node 18 and 20 have no such global.
      ...(major > 20 ? ['WebSocket'] : []),
      ...(major > 18 ? ['crypto'] : []),
    ]) {
      assert.match(said, `"${word}"`)
    }
    assert.match(said, 'NET ')
  })
}

for (const name of names) {
  test(`${name}: source maps lead to what is shipped, or there are none`, () => {
    const folder = join(app, 'node_modules', packages[name])
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file))
    for (const file of files.filter((file) => /\.(js|mjs|cjs|d\.ts|html)$/.test(file))) {
      const [, map] = /[#@] sourceMappingURL=(\S+)/.exec(readFileSync(file, 'utf8')) ?? []
      if (!map) continue
      assert.not.match(map, /^data:/)
      const { sources, sourceRoot = '' } = JSON.parse(readFileSync(join(dirname(file), map), 'utf8'))
      for (const source of sources) assert.ok(files.includes(join(dirname(file), sourceRoot, source)), source)
    }
    for (const map of files.filter((file) => file.endsWith('.map'))) {
      const { sources, sourceRoot = '' } = JSON.parse(readFileSync(map, 'utf8'))
      for (const source of sources) assert.ok(files.includes(join(dirname(map), sourceRoot, source)), source)
    }
  })
}
