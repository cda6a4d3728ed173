// What is shipped: the tarballs' files, installed into an empty folder and imported there.
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { assert, suite } from '#test'

const test = suite('tarballs')
const folder = mkdtempSync(join(tmpdir(), 'flowscale-pack-'))
const npm = (...args: string[]) =>
  execFileSync('npm', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
test.after(() => rmSync(folder, { recursive: true }))

/** The files of the command: all that it can come to import, which has no other file beside it. */
function importedBy(file: string, found = new Set<string>()): Set<string> {
  if (found.has(file)) return found
  found.add(file)
  const code = readFileSync(join('packages/flowscale', file), 'utf8')
  for (const [, path] of code.matchAll(/(?:\bfrom |\bimport ?\(?)'(\.{1,2}\/[^']+\.js)'/g)) {
    importedBy(join(dirname(file), path!), found)
  }
  return found
}

const shared = ['LICENSE', 'README.md', 'package.json']
const expected: Record<string, string[]> = {
  client: [
    ...[
      'events',
      'index',
      'logger',
      'node',
      'poller',
      'proxy',
      'react',
      'shared',
      'store',
      'typed',
      'websocket',
    ].flatMap((name) => [`dist/${name}.d.ts`, `dist/${name}.js`]),
    'dist/upload.js',
    'dist/uploadBrowser.js',
  ],
  flowscale: [
    'bin/flowscale.js',
    'dist/command/LICENSES.txt',
    ...importedBy('dist/command.js'),
    'dist/index.d.ts',
    'dist/index.js',
  ],
  'ai-sdk': ['dist/index.d.ts', 'dist/index.js'],
  emulator: [
    'bin/flowscale-emulator.js',
    ...['cli', 'index', 'node', 'shared'].flatMap((name) => [`dist/${name}.d.ts`, `dist/${name}.js`]),
    'dist/shared2.js',
    'dist/shared3.js',
  ],
  gateway: [
    'bin/flowscale-gateway.js',
    ...['cli', 'face', 'index', 'node', 'shared'].flatMap((name) => [`dist/${name}.d.ts`, `dist/${name}.js`]),
    // What its entry points share, by which of them do.
    'dist/shared2.js',
    'dist/shared3.js',
    'dist/shared4.js',
    'dist/shared5.js',
    ...['LICENSES.txt', 'index.html', 'main.css', 'main.js'].map((name) => `dist/playground/${name}`),
  ],
}

for (const [name, files] of Object.entries(expected)) {
  test(`${name}: only what is meant to be shipped`, () => {
    const [packed] = JSON.parse(npm('pack', '--json', '--pack-destination', folder, '-w', `packages/${name}`))
    assert.equal(packed.files.map(({ path }: { path: string }) => path).sort(), [...files, ...shared].sort())
  })
}

test('the licences of the libraries in the command are with it', () => {
  const text = readFileSync('packages/flowscale/dist/command/LICENSES.txt', 'utf8')
  const named = [...text.matchAll(/^Name: (.+)$/gm)].map(([, name]) => name)
  const { devDependencies } = JSON.parse(readFileSync('package.json', 'utf8'))
  const bundled = [
    'commander',
    'ora',
    'chalk',
    'cli-truncate',
    'string-width',
    'dotenv',
    'leven',
    'picocolors',
  ]
  // The files that hold these, in case a verb has them.
  for (const [file, name] of [
    ['csv', 'csv-parse'],
    ['diff', 'diff'],
  ] as const) {
    if (existsSync(`packages/flowscale/dist/command/${file}.js`)) bundled.push(name)
  }
  for (const name of bundled) {
    assert.ok(named.includes(name), name)
    assert.match(text.slice(text.indexOf(`Name: ${name}\n`)), /^License: (MIT|ISC|BSD-[23]-Clause)$/m)
  }
  assert.not.ok(named.includes('flowscale'))
  assert.ok(bundled.every((name) => name === 'chalk' || devDependencies[name]))
})

test('the client has no dependency', () => {
  const manifest = JSON.parse(readFileSync('packages/client/package.json', 'utf8'))
  assert.equal(Object.keys(manifest.dependencies ?? {}), [])
  for (const peer of Object.keys(manifest.peerDependencies))
    assert.ok(manifest.peerDependenciesMeta[peer].optional)
})

for (const name of Object.keys(expected)) {
  test(`${name}: runs nothing when it is installed`, () => {
    const { scripts = {} } = JSON.parse(readFileSync(`packages/${name}/package.json`, 'utf8'))
    const atInstall = /^(pre|post)?(install|prepare|publish)$|^prepublish$/
    assert.equal(
      Object.keys(scripts).filter((script) => atInstall.test(script)),
      [],
    )
  })
}

test('an app that installed the tarballs runs a workflow', () => {
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }')
  const tarballs = ['flowscale-client', 'flowscale-gateway', 'flowscale-emulator', 'flowscale'].map((name) =>
    join(folder, `${name}-0.1.0.tgz`),
  )
  npm('install', '--prefix', folder, '--no-audit', '--no-fund', '--prefer-offline', ...tarballs)
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
     await close()
     emulator.close()
     console.log(data.length, outputs.length, again.length, status, typed.outputs.filename_prefix.length)`,
  )
  assert.is(execFileSync(process.execPath, [join(folder, 'app.mjs')], { encoding: 'utf8' }), '2 2 2 200 2\n')
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
