// The AI SDK itself, 6 and 7, on each Node that it supports: docs/ai-sdk.md, and what a call costs.
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createEmulator, type Emulator } from '@flowscale/emulator'
import { serve } from '@flowscale/emulator/node'
import { encode } from 'fast-png'
import { assert } from '#test'
import { browser, suiteWithBrowser } from '../browser/kit/browser.ts'
import { nodePath } from '../runtimes/command.ts'
import { assertNoCanary, CANARY } from '../support/canary.ts'
import { until } from '../support/until.ts'
import { createApp, frameworks, inAPage, readDocument } from './kit/createApp.ts'
import { servePod } from './kit/servePod.ts'
import { runProgram, startProgram } from './kit/start.ts'
import { photo, visit } from './kit/visit.ts'

const test = suiteWithBrowser('AI SDK')
const page = readDocument('ai-sdk.md')
const modules = join(frameworks, 'node_modules')
const tsc = join(modules, 'typescript/bin/tsc')
const next = join(modules, 'next/dist/bin/next')
const own = (file: string) => readFileSync(`test/frameworks/aiSdk/${file}`, 'utf8')
/** A script of the page, or one of those here. */
const scriptOf = (file: string) => page.blocks[file] ?? own(file)
const scripts = { 6: ['image.ts', 'edit.ts', 'video.ts'], 7: ['image.ts', 'edit.ts', 'video.ts', 'start.ts'] }
const madeBy: Readonly<Record<string, string[]>> = {
  'image.ts': ['lighthouse-0.png', 'lighthouse-1.png', 'lighthouse-2.png'],
  'edit.ts': ['oil.png'],
  'video.ts': ['waves.mp4'],
  'start.ts': ['waves.mp4'],
}
const nodes = { 6: [18, 20, 22, 24, 26], 7: [22, 24, 26] }

/** An app with the AI SDK of a version, and our packages as npm installs them. */
function createAiApp(major: 6 | 7, name: string, files: Record<string, string>): string {
  const app = createApp(`ai-sdk-${major}-${name}`, files, ['client', 'ai-sdk'])
  symlinkSync(join(modules, `ai${major}`), join(app, 'node_modules/ai'))
  return app
}

const tsconfig = (more: object) => JSON.stringify({ compilerOptions: { strict: true, ...more } })
const apps = Object.fromEntries(
  ([6, 7] as const).map((major) => [
    major,
    createAiApp(major, 'scripts', {
      ...Object.fromEntries(scripts[major].map((file) => [file, scriptOf(file)])),
      ...Object.fromEntries(
        ['check.ts', 'gateway.ts', 'languageModel.ts', 'types.ts'].map((file) => [file, own(file)]),
      ),
      ...{ 'flowscale.ts': page.block('flowscale.ts'), 'agent.ts': page.block('agent.ts') },
      ...(major === 7 && { 'types7.ts': own('types7.ts') }),
      'package.json': '{ "private": true, "type": "module" }',
      'tsconfig.json': tsconfig({
        ...{ target: 'ES2022', module: 'ESNext', moduleResolution: 'bundler', outDir: 'out' },
        ...{ exactOptionalPropertyTypes: true, skipLibCheck: true, types: ['node'] },
        rewriteRelativeImportExtensions: true,
      }),
    }),
  ]),
)

let emulator: Emulator
let served: Awaited<ReturnType<typeof serve>>
test.before(async () => {
  emulator = createEmulator({
    ...{ apiKey: CANARY, speed: 50, containers: 8 },
    workflows: [
      {
        ...{ id: 't1ny', name: 'Tiny', description: 'Paints a few pixels at once' },
        ...{ inputs: { prompt: 'string', seed: 'number' }, outputs: { image: 'image' } },
        run: ({ seed }) => {
          const pixels = {
            width: 2,
            height: 2,
            channels: 3,
            data: new Uint8Array(12).fill(Number(seed)),
          } as const
          return { image: { data: encode(pixels), type: 'image/png' } }
        },
      },
    ],
    faults: {
      plan: ({ operation, target }) =>
        operation === 'executeWorkflow' && /group_id=reset/.test(target) ? 'reset-late' : undefined,
    },
  })
  served = await serve(emulator)
})
test.after(async () => {
  emulator.close()
  await served.close()
})

const env = () => ({ FLOWSCALE_API_URL: served.url, FLOWSCALE_API_KEY: CANARY })
const runsOf = (groupId: string) => emulator.ledger.runs.filter((run) => run.groupId === groupId)
const said = (output: string) => JSON.parse(output.trim().split('\n').at(-1)!)

test('each block of the page is one of an app here, and what to install is there', () => {
  assert.equal(page.unnamed, [])
  const files = ['agent.ts', 'app/api/image/route.ts', 'flowscale.ts', 'image.ts', 'start.ts']
  assert.equal(Object.keys(page.blocks).sort(), files)
  assert.equal(page.commands, ['npm install ai @flowscale/client @flowscale/ai-sdk'])
})

for (const major of [6, 7] as const) {
  const app = apps[major]!

  test(`AI SDK ${major}: strict types take the models, and the blocks of the page`, async () => {
    await runProgram({ cwd: app, args: [tsc, '-p', '.'] })
  })

  for (const file of scripts[major]) {
    test(`AI SDK ${major}: ${file} makes its files`, async () => {
      const cwd = join(app, `made-${file}`)
      mkdirSync(cwd)
      writeFileSync(join(cwd, 'photo.png'), photo.buffer)
      const program = join(app, 'out', file.replace('.ts', '.js'))
      await runProgram({ cwd, program: nodePath(24), args: [program], env: env() })
      const made = readdirSync(cwd)
        .filter((name) => name !== 'photo.png')
        .sort()
      assert.equal(made, madeBy[file])
      const starts = new Set(made.map((name) => readFileSync(join(cwd, name)).toString('latin1', 1, 8)))
      for (const start of starts) assert.match(start, made[0]!.endsWith('.png') ? /^PNG/ : /ftyp$/)
      assert.is(new Set(made.map((name) => readFileSync(join(cwd, name)).toString('hex'))).size, made.length)
    })
  }

  test(`AI SDK ${major}: agent.ts gives a language model a tool, which runs the workflow once`, async () => {
    const before = runsOf('agent').length
    const args = ['--import', './out/languageModel.js', 'out/agent.js']
    const output = await runProgram({ cwd: app, program: nodePath(24), args, env: env() })
    const [link, ...others] = said(output)
    assert.equal(others, [])
    assert.is((await fetch(link)).headers.get('content-type'), 'image/png')
    assert.is(runsOf('agent').length - before, 1)
  })

  for (const node of nodes[major]) {
    for (const specification of major === 6 ? ['v3'] : ['v3', 'v4']) {
      const title = `AI SDK ${major} on Node ${node}, models of ${specification}`
      test(`${title}: three images, a reset, an abort, a video`, async () => {
        const before = ['three', 'reset', 'abort'].map((group) => runsOf(group).length)
        const output = await runProgram({
          ...{ cwd: app, program: nodePath(node), args: ['out/check.js'] },
          env: { ...env(), SPECIFICATION: specification },
        })
        assertNoCanary(output)
        const { three, types, reset, abort, video } = said(output)
        assert.is(new Set(three).size, 3, 'three different images')
        assert.equal(types, ['image/png', 'image/png', 'image/png'])
        assert.equal(reset, [true, false, true], 'of the AI SDK, not retryable, and maybe submitted')
        assert.is(abort, 'enough')
        assert.equal(video, ['video/mp4', 'ftyp'])
        assert.equal(
          ['three', 'reset', 'abort'].map((group, index) => runsOf(group).length - before[index]!),
          [3, 1, 1],
          'runs started',
        )
        const { runId } = runsOf('abort').at(-1)!
        assert.is(emulator.stateOf(runId)?.status, 'cancelled')
      })
    }
  }

  test(`AI SDK ${major}: on the gateway, images, a video, and an abort that ends the run`, async () => {
    const pod = await servePod('gateway')
    writeFileSync(join(app, 'photo.png'), photo.buffer)
    const output = await runProgram({
      ...{ cwd: app, program: nodePath(24), args: ['out/gateway.js'] },
      env: { ...pod.env, PHOTO: 'photo.png' },
    })
    const { three, distinct, abort, video } = said(output)
    assert.equal(three, ['iVBORw0K', 'iVBORw0K', 'iVBORw0K'])
    assert.is(distinct, 3)
    assert.is(abort, 'enough')
    assert.equal(video, ['video/mp4', true])
    assert.equal(
      (await pod.runs('abort')).map(({ status }) => status),
      ['cancelled'],
    )
    assert.is((await pod.runs('three')).length, 3)
    await pod.close()
  })
}

test('the route of the docs in a real Next.js, with the AI SDK 7', async () => {
  const app = createAiApp(7, 'next', {
    ...{ 'app/api/image/route.ts': page.block('app/api/image/route.ts') },
    ...{ 'flowscale.ts': page.block('flowscale.ts'), 'proxy.ts': inAPage.block('proxy.ts') },
    'app/page.tsx': `'use client'
import { useState } from 'react'
export default function Page() {
  const [src, setSrc] = useState<string>()
  async function submit(event: React.FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const body = JSON.stringify(Object.fromEntries(new FormData(event.currentTarget)))
    const response = await fetch('/api/image', { method: 'POST', body })
    setSrc((await response.json()).src)
  }
  return (
    <form onSubmit={submit}>
      <input name="prompt" aria-label="Prompt" />
      <button>Generate</button>
      <p role="status">{src ? 'Completed' : 'Idle'}</p>
      {src && <img src={src} alt="The result" />}
    </form>
  )
}
`,
    'app/layout.tsx': `export default function Layout({ children }: { children: React.ReactNode }) {
  return <html lang="en"><head><title>FlowScale</title></head><body>{children}</body></html>
}
`,
    'app/icon.svg': '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>',
    'next.config.mjs': `export default { turbopack: { root: ${JSON.stringify(frameworks)} } }\n`,
    'package.json': '{ "private": true, "type": "module" }',
    'tsconfig.json': tsconfig({
      ...{ target: 'ES2022', lib: ['dom', 'dom.iterable', 'esnext'], module: 'esnext', jsx: 'react-jsx' },
      ...{ moduleResolution: 'bundler', noEmit: true, incremental: true, skipLibCheck: true },
      ...{ isolatedModules: true, esModuleInterop: true, resolveJsonModule: true, allowJs: true },
    }),
  })
  const program = nodePath(24)
  await runProgram({ cwd: app, program, args: [next, 'build'] })
  const { url, stop, output } = await startProgram({
    ...{ cwd: app, program, args: [next, 'start', '-H', '127.0.0.1', '-p', '0'] },
    env: env(),
  })
  const visitor = await visit(browser, url)
  await visitor.generate('a fox')
  await visitor.says('Completed')
  await visitor.image()
  assert.is(runsOf(visitor.groupId).length, 1)

  const post = (body: unknown, headers: HeadersInit, signal: AbortSignal | null = null) =>
    fetch(`${url}/api/image`, { method: 'POST', body: JSON.stringify(body), headers, signal })
  const { cookie } = visitor
  assert.is((await post({ prompt: 'a fox' }, {})).status, 401)
  assert.is((await post({ prompt: 'a fox' }, { cookie: 'session=guess' })).status, 401)
  assert.is((await post({ prompt: 7 }, { cookie })).status, 400)
  assert.is((await post(undefined, { cookie })).status, 400)
  assert.is(runsOf(visitor.groupId).length, 1)
  const controller = new AbortController()
  const left = post({ prompt: 'a fox' }, { cookie }, controller.signal).catch((error) => error)
  await until(() => runsOf(visitor.groupId).length === 2)
  controller.abort()
  await left
  const { runId } = runsOf(visitor.groupId)[1]!
  // A visitor that leaves ends the run.
  await until(() => emulator.stateOf(runId)?.status === 'cancelled')
  await visitor.leave()
  await stop()
  assertNoCanary(output())
})
