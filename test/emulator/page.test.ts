// The playground that the Node server serves beside the API.
import { request } from 'node:http'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
// As built: the page lies beside it.
import { createEmulator } from '../../packages/emulator/dist/index.js'
import { serve } from '../../packages/emulator/dist/node.js'

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
  const wanted = [...page.matchAll(/from '(@flowscale[^']*)'/g)].map(([, name]) => imports[name!])
  assert.is(wanted.length, 3)
  wanted.push(...[...page.matchAll(/from '(\.[^']*)'/g)].map(([, path]) => path!))
  assert.ok(wanted.length > 3)
  const seen = new Set<string>()
  for (const file of wanted.map((path) => new URL(path, `${server.url}/`).href)) {
    if (seen.has(file)) continue
    seen.add(file)
    const module = await fetch(file)
    assert.is(module.status, 200, file)
    assert.match(module.headers.get('content-type')!, 'javascript')
    for (const [, path] of (await module.text()).matchAll(/from '(\.[^']*)'/g))
      wanted.push(new URL(path!, file).href)
  }
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

test.run()
