// The playground that the Node server serves beside the API.

import { readdirSync } from 'node:fs'
import { request } from 'node:http'
import { assert, suite } from '#test'

// As built: the page lies beside it. A name that is no literal, so that its types need no build.
const dist = '../../packages/emulator/dist'
const { createEmulator }: typeof import('@flowscale/emulator') = await import(`${dist}/index.js`)
const { serve }: typeof import('@flowscale/emulator/node') = await import(`${dist}/node.js`)

const test = suite('page')
const emulator = createEmulator()
const server = await serve(emulator)
test.after(async () => {
  await server.close()
  emulator.close()
})

test('at /, with all that it imports, and without the key', async () => {
  const response = await fetch(`${server.url}/?a=1`)
  assert.is(response.status, 200)
  assert.is(response.headers.get('content-type'), 'text/html; charset=utf-8')
  const page = await response.text()
  const { imports } = JSON.parse(/<script type="importmap">([\s\S]*?)<\/script>/.exec(page)![1]!)
  const styles = [...page.matchAll(/rel="stylesheet" href="([^"]*)"/g)].map(([, path]) => path!)
  const scripts = [...page.matchAll(/<script type="module" src="([^"]*)"/g)].map(([, path]) => path!)
  assert.ok(styles.length > 1 && scripts.length === 1)
  const files = new Set([...styles, ...scripts].map((path) => new URL(path, `${server.url}/`).href))
  // A set goes on with those that come while it is read.
  for (const file of files) {
    const part = await fetch(file)
    assert.is(part.status, 200, file)
    assert.match(part.headers.get('content-type')!, file.endsWith('.css') ? 'text/css' : 'text/javascript')
    const text = await part.text()
    if (file.includes('/playground/')) assert.ok(text.split('\n').length <= 200, `${file} is long`)
    for (const [, path] of text.matchAll(/^(?:import .*|\} )from '([^']*)';?$/gm))
      files.add(new URL(imports[path!] ?? path, imports[path!] ? server.url : file).href)
  }
  for (const path of Object.values<string>(imports))
    assert.ok(files.has(new URL(path, server.url).href), path)
  // Each file that is there is used.
  const names = readdirSync('examples/playground', { recursive: true, encoding: 'utf8' })
  for (const name of names.filter((name) => name.includes('.')))
    assert.ok(files.has(`${server.url}/playground/${name.replaceAll('\\', '/')}`), `${name} is of no use`)
  assert.is(emulator.stats.requests, 0, 'a page is no request of the API')
})

test('HEAD has no body; another method, file or way out of the folder is the API’s 404', async () => {
  const head = await fetch(`${server.url}/`, { method: 'HEAD' })
  assert.is(head.status, 200)
  assert.is(await head.text(), '')
  assert.is((await fetch(`${server.url}/`, { method: 'POST' })).status, 404)
  // Not by fetch, which would tidy the path up.
  for (const path of [
    '/client/nothing.js',
    '/client/../index.js',
    '/client/%2e%2e/cli.js',
    '/playground/nothing.js',
    '/playground/styles',
    '/playground/styles/nothing.css',
    '/playground/../index.html',
    '/index.html/',
  ]) {
    const status = await new Promise((resolve, reject) => {
      const { hostname, port } = new URL(server.url)
      request({ hostname, port, path }, (response) => resolve(response.resume().statusCode))
        .on('error', reject)
        .end()
    })
    assert.is(status, 404, path)
  }
})
