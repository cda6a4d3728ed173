// The apps of docs/in-a-page.md for Vite: the page in React, Vue and Svelte, on its small server and the emulator.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { assert } from '#test'
import { browser, suiteWithBrowser } from '../browser/kit/browser.ts'
import { assertNoCanary } from '../support/canary.ts'
import type { CheckName } from './kit/checks.ts'
import { createApp, frameworks, inAPage, readDocument, smallServer } from './kit/createApp.ts'
import { servePod } from './kit/servePod.ts'
import { run, start } from './kit/start.ts'
import { testApp } from './kit/testApp.ts'
import { visit } from './kit/visit.ts'

const bin = (path: string) => join(frameworks, 'node_modules', path)
const vite = bin('vite/bin/vite.js')
const tsc = bin('typescript/bin/tsc')

const html = (script: string, root = 'app') => `<!doctype html>
<html lang="en">
  <head><meta charset="utf-8"><title>FlowScale</title><link rel="icon" href="data:,"></head>
  <body><div id="${root}"></div><script type="module" src="/${script}"></script></body>
</html>
`
const config = (plugin: string, call: string, input: string[]) => `import ${plugin}
export default { plugins: [${call}], build: { rollupOptions: { input: ${JSON.stringify(input)} } } }
`
const docs = (...files: string[]) => Object.fromEntries(files.map((file) => [file, inAPage.block(file)]))
const server = { ...smallServer, 'package.json': '{ "private": true, "type": "module" }' }

const apps = {
  React: createApp('react', {
    ...server,
    ...docs('src/main.tsx'),
    'src/run-status.tsx': readDocument('store.md').block('src/run-status.tsx'),
    'src/page.tsx': inAPage.block('app/page.tsx'),
    // As the page says: the route lists runs, too.
    'lists/flowscale.mjs': smallServer['flowscale.mjs']!.replace("'cancelRun'],", "'cancelRun', 'getRuns'],"),
    'lists/server.mjs': smallServer['server.mjs']!.replace('./dist', '../dist'),
    'src/runs.tsx': readFileSync('examples/nextjs-runs.tsx', 'utf8'),
    'runs.html': html('src/runs-main.tsx'),
    'src/runs-main.tsx': `import { createRoot } from 'react-dom/client'
import Runs from './runs'

createRoot(document.getElementById('app')!).render(<Runs />)
`,
    'index.html': html('src/main.tsx', 'root'),
    'vite.config.js': config("react from '@vitejs/plugin-react'", 'react()', [
      'index.html',
      'runs.html',
      'status.html',
    ]),
    'status.html': html('src/status.tsx'),
    'src/status.tsx': `import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { createRoot } from 'react-dom/client'
import { RunStatus } from './run-status'

createRoot(document.getElementById('app')!).render(
  <QueryClientProvider client={new QueryClient()}>
    <RunStatus runId={location.hash.slice(1)} />
  </QueryClientProvider>,
)
`,
    'tsconfig.json': JSON.stringify({
      compilerOptions: {
        ...{ target: 'ES2022', lib: ['DOM', 'DOM.Iterable', 'ES2022'], module: 'ESNext', jsx: 'react-jsx' },
        ...{ moduleResolution: 'bundler', strict: true, noEmit: true, types: ['vite/client'] },
      },
      include: ['src'],
    }),
  }),
  Vue: createApp('vue', {
    ...server,
    ...docs('src/App.vue'),
    'index.html': html('src/main.js'),
    'src/main.js':
      "import { createApp } from 'vue'\nimport App from './App.vue'\ncreateApp(App).mount('#app')\n",
    'vite.config.js': config("vue from '@vitejs/plugin-vue'", 'vue()', ['index.html']),
  }),
  Svelte: createApp('svelte', {
    ...server,
    ...docs('src/App.svelte'),
    'index.html': html('src/main.js'),
    'src/main.js':
      "import { mount } from 'svelte'\nimport App from './App.svelte'\nmount(App, { target: document.getElementById('app') })\n",
    'vite.config.js': config("{ svelte } from '@sveltejs/vite-plugin-svelte'", 'svelte()', ['index.html']),
  }),
}

const test = suiteWithBrowser('Vite')

test('each block of the docs names its file', () => {
  assert.equal(inAPage.unnamed, [])
})

test('the page passes strict types', async () => {
  await run(apps.React, tsc, '-p', '.')
})

for (const [name, app] of Object.entries(apps)) {
  test(`${name}: vite build takes it, without a warning`, async () => {
    assert.not.match(await run(app, vite, 'build'), /warn|error/i)
    const files = readdirSync(join(app, 'dist/assets'))
    assert.ok(files.length)
    for (const file of files) assertNoCanary(readFileSync(join(app, 'dist/assets', file), 'utf8'), file)
  })
  const names: CheckName[] = ['runAndReload', 'cancel', 'keepApart']
  testApp(test, {
    name,
    podName: 'emulator',
    names,
    start: (env) => start(app, { ...env, PORT: '0' }, 'server.mjs'),
  })
}

test('TanStack Query: a run by runOptions, to its end', async () => {
  const pod = await servePod('emulator')
  const started = await start(apps.React, { ...pod.env, PORT: '0' }, 'server.mjs')
  const visitor = await visit(browser, started.url)
  await visitor.generate('asked for elsewhere')
  await visitor.progress(0.05)
  const { _id: runId } = (await pod.runs(visitor.groupId))[0]!
  await visitor.page.goto(`${started.url}/status.html#${runId}`)
  await visitor.says('running')
  await visitor.says('completed')
  await visitor.leave()
  await started.stop()
  await pod.close()
})

test('My runs: a visitor sees the own runs with their images, after a reload, too, and those of nobody else', async () => {
  const pod = await servePod('emulator')
  const started = await start(join(apps.React, 'lists'), { ...pod.env, PORT: '0' }, 'server.mjs')
  const [ada, bob] = [await visit(browser, started.url), await visit(browser, started.url)]
  await ada.generate('the first')
  await ada.image()
  await ada.generate('the second')
  await ada.says('running')
  await ada.says('completed')
  for (const { page } of [ada, bob]) {
    const answer = page.waitForResponse(/\/api\/v1\/runs\?/)
    await page.goto(`${started.url}/runs.html`)
    assert.is((await answer).status(), 200)
  }
  for (let load = 0; load < 2; load++) {
    await ada.page.waitForFunction(
      () =>
        [...document.querySelectorAll<HTMLImageElement>('li img')].filter((image) => image.naturalWidth > 0)
          .length === 2,
    )
    assert.match((await ada.page.getByRole('listitem').first().textContent()) ?? '', /^completed 2/)
    await ada.page.reload()
  }
  assert.is(await bob.page.getByRole('listitem').count(), 0)
  await ada.leave()
  await bob.leave()
  await started.stop()
  await pod.close()
})
