// What is shipped: the tarballs' files, installed into an empty folder and imported there.
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { assert, suite } from '#test'
import { pack } from '../support/installPacked.ts'

const test = suite('tarballs')
const folder = mkdtempSync(join(tmpdir(), 'flowscale-pack-'))
test.after(() => rmSync(folder, { recursive: true }))

/** The file of a package and all that it can come to import, in the same package. */
function importedBy(name: string, file: string, found = new Set<string>()): Set<string> {
  if (found.has(file)) return found
  found.add(file)
  const code = readFileSync(join('packages', name, file), 'utf8')
  for (const [, path] of code.matchAll(/(?:\bfrom |\bimport ?\(?)'(\.{1,2}\/[^']+)\.js'/g)) {
    importedBy(name, join(dirname(file), path! + extensionOf(file)), found)
  }
  return found
}

const extensionOf = (file: string) => (file.endsWith('.d.ts') ? '.d.ts' : '.js')

/** The entries of a server with what they share, the code and the types. */
const builtFrom = (name: string, ...entries: string[]): string[] => {
  const files = entries.flatMap((entry) => [`dist/${entry}.js`, `dist/${entry}.d.ts`])
  return [...new Set(files.flatMap((file) => [...importedBy(name, file)]))]
}

const shared = ['LICENSE', 'README.md', 'package.json']
const expected: Record<string, string[]> = {
  client: [
    ...'events index logger node poller proxy react shared store typed webhook websocket'
      .split(' ')
      .flatMap((name) => [`dist/${name}.d.ts`, `dist/${name}.js`]),
    'dist/sharedBrowser.js',
  ],
  flowscale: [
    'bin/flowscale.js',
    'dist/command/LICENSES.txt',
    ...importedBy('flowscale', 'dist/command.js'),
    'dist/index.d.ts',
    'dist/index.js',
  ],
  'ai-sdk': ['dist/index.d.ts', 'dist/index.js'],
  mcp: ['bin/flowscale-mcp.js', ...builtFrom('mcp', 'cli', 'index'), 'dist/LICENSES.txt', 'server.json'],
  emulator: [
    'bin/flowscale-emulator.js',
    ...builtFrom('emulator', 'cli', 'index', 'node'),
    'dist/LICENSES.txt',
  ],
  gateway: [
    'bin/flowscale-gateway.js',
    ...builtFrom('gateway', 'cli', 'http', 'index', 'node', 'redis', 's3', 'workflows'),
    'dist/LICENSES.txt',
    ...['LICENSES.txt', 'index.html', 'main.css', 'main.js'].map((name) => `dist/playground/${name}`),
  ],
}

for (const [name, files] of Object.entries(expected)) {
  test(`${name}: only what is meant to be shipped`, () => {
    assert.equal(pack(name, folder), [...files, ...shared].sort())
  })
}

test('a package that is not built is not packed, and npm says what to run', () => {
  const clone = join(folder, 'clone')
  const files = Object.keys(expected).map((name) => `packages/${name}/package.json`)
  for (const file of ['scripts/release.mjs', 'scripts/lib/ensure.mjs', ...files])
    cpSync(file, join(clone, file))
  for (const name of Object.keys(expected)) {
    const { status, stderr } = spawnSync('npm', ['pack'], {
      cwd: join(clone, 'packages', name),
      encoding: 'utf8',
    })
    assert.is(status, 1, name)
    assert.match(stderr, /^✖ This package is not built\..* npm run pack -- FOLDER$/m)
  }
})

test('`npm run pack` packs these packages', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'))
  const packed = [...scripts.pack.matchAll(/-w packages\/(\S+)/g)].map(([, name]) => name)
  assert.equal(packed.sort(), Object.keys(expected).sort())
})

/** The libraries that are in the files of a package, but those of a verb that may have none. */
const bundled: Record<string, string[]> = {
  'flowscale/dist/command': [
    'commander',
    'ora',
    'chalk',
    'cli-truncate',
    'string-width',
    'dotenv',
    'leven',
    'picocolors',
    // The files that hold these, in case a verb has them.
    ...['csv:csv-parse', 'diff:diff']
      .map((names) => names.split(':'))
      .flatMap(([file, name]) => (existsSync(`packages/flowscale/dist/command/${file}.js`) ? [name!] : [])),
  ],
  'gateway/dist': ['commander'],
  'emulator/dist': ['commander'],
  'mcp/dist': ['dotenv'],
}
for (const [folder, libraries] of Object.entries(bundled)) {
  test(`the licences of the libraries in ${folder} are with it`, () => {
    const text = readFileSync(`packages/${folder}/LICENSES.txt`, 'utf8')
    const named = [...text.matchAll(/^Name: (.+)$/gm)].map(([, name]) => name!)
    const manifests = ['package.json', 'packages/gateway/package.json', 'packages/flowscale/package.json']
    const known = manifests.flatMap((file) =>
      Object.keys(JSON.parse(readFileSync(file, 'utf8')).devDependencies),
    )
    for (const name of libraries) {
      assert.ok(named.includes(name), name)
      assert.match(text.slice(text.indexOf(`Name: ${name}\n`)), /^License: (MIT|ISC|BSD-[23]-Clause)$/m)
    }
    assert.not.ok(named.some((name) => name.includes('flowscale')))
    assert.ok(libraries.every((name) => name === 'chalk' || known.includes(name)))
  })
}

for (const name of ['gateway', 'emulator']) {
  test(`of the ${name}, only the command loads commander`, () => {
    const loads = (entry: string) =>
      [...importedBy(name, `dist/${entry}.js`)].some((file) =>
        /CommanderError/.test(readFileSync(join('packages', name, file), 'utf8')),
      )
    const { exports } = JSON.parse(readFileSync(`packages/${name}/package.json`, 'utf8'))
    const { './package.json': _, ...entries } = exports as Record<string, { default: string }>
    const built = Object.values(entries).map((entry) => /(\w+)\.js$/.exec(entry.default)![1]!)
    assert.equal([...built, 'cli'].filter(loads), ['cli'])
  })
}

test('a package imports only what another one exports', () => {
  for (const name of ['flowscale', 'emulator', 'ai-sdk', 'mcp']) {
    for (const file of expected[name]!.filter((file) => /^dist\/.*\.(js|d\.ts)$/.test(file))) {
      const code = readFileSync(join('packages', name, file), 'utf8')
      for (const [, other, entry] of code.matchAll(/(?:from|import\() ?'@flowscale\/([\w-]+)([^']*)'/g)) {
        const { exports } = JSON.parse(readFileSync(`packages/${other}/package.json`, 'utf8'))
        assert.ok(exports[`.${entry}`], `${name}/${file}: @flowscale/${other}${entry}`)
      }
    }
  }
})

test('server.json, for the registry of MCP, says what package.json says', () => {
  const read = (file: string) => JSON.parse(readFileSync(`packages/mcp/${file}`, 'utf8'))
  const { name, version, mcpName } = read('package.json')
  const { packages, ...server } = read('server.json')
  assert.equal([server.name, server.version], [mcpName, version])
  assert.equal([packages[0].identifier, packages[0].version], [name, version])
  assert.ok(server.description.length <= 100, 'the most that the registry takes')
})

test('the client has no dependency, and the class only the client', () => {
  const read = (name: string) => JSON.parse(readFileSync(`packages/${name}/package.json`, 'utf8'))
  const { dependencies = {}, peerDependencies, peerDependenciesMeta } = read('client')
  assert.equal(dependencies, {})
  for (const peer of Object.keys(peerDependencies)) assert.ok(peerDependenciesMeta[peer].optional)
  const flowscale = read('flowscale')
  assert.equal(Object.keys(flowscale.dependencies), ['@flowscale/client'])
  assert.equal(Object.keys(flowscale.peerDependencies), ['isomorphic-ws', 'ws'])
})

test('the client’s file for pages and Workers has the exports of the file that it replaces', async () => {
  const { browser } = JSON.parse(readFileSync('packages/client/package.json', 'utf8'))
  const exportsOf = async (file: string) =>
    Object.entries<unknown>(await import(resolve('packages/client', file))).map(
      ([name, value]) => `${name} ${typeof value === 'function' ? value.name : JSON.stringify(value)}`,
    )
  const [[file, replacement]] = Object.entries<string>(browser) as [[string, string]]
  assert.equal(await exportsOf(replacement), await exportsOf(file))
})

for (const name of Object.keys(expected)) {
  test(`${name}: runs nothing when it is installed`, () => {
    const { scripts = {} } = JSON.parse(readFileSync(`packages/${name}/package.json`, 'utf8'))
    const atInstall = /^(pre|post)?(install|prepare|publish)$|^prepublish$/
    assert.not.ok(Object.keys(scripts).some((script) => atInstall.test(script)))
  })
}

const lockfiles = ['.', 'scripts/bench/peers', ...readdirSync('test').map((name) => `test/${name}`)]
  .map((folder) => `${folder}/package-lock.json`)
  .filter((file) => existsSync(file))
for (const file of lockfiles) {
  test(`${file}: what comes from a registry has an integrity`, () => {
    const { packages } = JSON.parse(readFileSync(file, 'utf8'))
    const installed = Object.entries<{ link?: boolean; integrity?: string }>(packages).filter(
      ([path, { link }]) => path.includes('node_modules/') && !link,
    )
    assert.ok(installed.length > 0)
    assert.equal(
      installed.filter(([, { integrity }]) => !/^sha512-/.test(integrity ?? '')),
      [],
    )
  })
}

test('an app that installed the tarballs by the line of the README runs a workflow', () => {
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }')
  const [line] = /^npm install \.\/\*\.tgz$/m.exec(readFileSync('README.md', 'utf8'))!
  execFileSync('sh', ['-c', `${line} --no-audit --no-fund --prefer-offline`], { cwd: folder, stdio: 'pipe' })
  writeFileSync(
    join(folder, 'app.mjs'),
    `import { createClient, checkHealth } from '@flowscale/client'
     import { executeWorkflowAsync } from '@flowscale/client/poller'
     import { createProxyHandler } from '@flowscale/client/proxy'
     import { defineWorkflow, run } from '@flowscale/client/typed'
     import { FlowscaleAPI } from 'flowscale'
     import { createEmulator } from '@flowscale/emulator'
     import { serve } from '@flowscale/emulator/node'
     const emulator = createEmulator({ speed: 1000 })
     const { url, close } = await serve(emulator)
     const client = createClient({ baseUrl: url, apiKey: emulator.apiKey })
     const { data } = await checkHealth(client)
     const inputs = { prompt: 'dawn' }
     const { outputs } = await executeWorkflowAsync(client, 'd1ptych7two2', inputs, { pollIntervalMs: 10 })
     const diptych = defineWorkflow('d1ptych7two2', ['filename_prefix'])
     const typed = await run(client, diptych, inputs, { pollIntervalMs: 10 })
     const { data: again } = await new FlowscaleAPI({ baseUrl: url, apiKey: emulator.apiKey }).checkHealth()
     const handler = createProxyHandler(client, { authorize: 'public' })
     const { status } = await handler(new Request('http://app.test/api/v1/comfy/queue'))
     // The emulator refuses one of two at once, by an error that the gateway in another package knows.
     const sent = ['a', 'b'].map((prompt) => {
       const body = new FormData()
       body.set('prompt', prompt)
       const headers = { 'x-api-key': emulator.apiKey, 'idempotency-key': 'once' }
       return fetch(url + '/api/v1/runs?workflow_id=t3xtwr1ter00', { method: 'POST', headers, body })
     })
     const answers = (await Promise.all(sent)).map(({ status }) => status).sort()
     await close()
     emulator.close()
     console.log(data.length, outputs.length, again.length, status, typed.outputs.filename_prefix.length, ...answers)`,
  )
  assert.is(
    execFileSync(process.execPath, [join(folder, 'app.mjs')], { encoding: 'utf8' }),
    '2 2 2 200 2 200 422\n',
  )
  // By `require` on Node 20.19, 22.12 and later.
  for (const load of ["import('flowscale')", "Promise.resolve(require('flowscale'))"]) {
    const code = `${load}.then((it) => console.log(typeof it.FlowscaleAPI))`
    const args = ['--input-type=commonjs', '-e', code]
    assert.is(execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8' }), 'function\n')
  }
})

test('only files in S3 need aws4fetch, only Redis needs ioredis, and the command says so', () => {
  const bin = join(folder, 'node_modules/.bin/flowscale-gateway')
  const env = { ...process.env, AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'key' }
  for (const [needed, ...more] of [
    [/^flowscale-gateway: .*aws4fetch.*\n$/, '--workers', '--files', 's3://bucket'],
    [
      /^flowscale-gateway: .*ioredis.*\n$/,
      '--api-key',
      'a-long-key',
      '--data',
      folder,
      '--redis',
      'redis://x',
    ],
  ] as const) {
    const flags = ['--workflows', folder, ...more]
    const { status, stderr } = spawnSync(bin, flags, { cwd: folder, env, encoding: 'utf8' })
    assert.is(status, 1)
    assert.match(stderr, needed)
  }
})

test('the hooks are for the client, and need react, which no other entry does', () => {
  // Next.js reads it only before any other statement.
  assert.match(readFileSync('packages/client/dist/react.js', 'utf8'), /^'use client'\n/)
  // The types need no type library.
  assert.not.match(readFileSync('packages/client/dist/react.d.ts', 'utf8'), /from ['"]react|React/)
  writeFileSync(
    join(folder, 'hooks.mjs'),
    `import { createClient } from '@flowscale/client'
     import { connectEvents } from '@flowscale/client/events'
     import { createRunStore } from '@flowscale/client/store'
     const client = createClient({ baseUrl: 'http://127.0.0.1:9' })
     const push = connectEvents(client)
     const said = [createRunStore(client, { push }).getSnapshot().status]
     const { useRun, useOutputUrl } = await import('@flowscale/client/react').catch((error) => {
       console.log(said[0], error.code)
       process.exit()
     })
     const { createElement } = await import('react')
     const { renderToString } = await import('react-dom/server')
     const Page = () => {
       const { status } = useRun(client, { push })
       const { src } = useOutputUrl(client, { filename: 'a.png', download_url: 'http://127.0.0.1:9/a.png' })
       return createElement('i', null, status, ' ', src)
     }
     console.log(renderToString(createElement(Page)))`,
  )
  const run = () => execFileSync(process.execPath, [join(folder, 'hooks.mjs')], { encoding: 'utf8' })
  assert.is(run(), 'idle ERR_MODULE_NOT_FOUND\n')
  for (const name of ['react', 'react-dom', 'scheduler'])
    cpSync(join('node_modules', name), join(folder, 'node_modules', name), { recursive: true })
  assert.is(run(), '<i>idle<!-- --> <!-- -->http://127.0.0.1:9/a.png</i>\n')
})
