// The playground that the Node server serves beside the API.

import { readdirSync } from 'node:fs'
import { request } from 'node:http'
import { pathToFileURL } from 'node:url'
import { assert, suite } from '#test'

// As built: the page lies beside it. A name that is no literal, so that its types need no build.
const dist = pathToFileURL('packages/emulator/dist')
const { createEmulator }: typeof import('@flowscale/emulator') = await import(`${dist}/index.js`)
const { serve }: typeof import('@flowscale/emulator/node') = await import(`${dist}/node.js`)

const test = suite('page')
const emulator = createEmulator()
const server = await serve(emulator)
test.after(async () => {
  await server.close()
  emulator.close()
})

test('at /, with all that it loads, and without the key', async () => {
  const response = await fetch(`${server.url}/?a=1`)
  assert.is(response.status, 200)
  assert.is(response.headers.get('content-type'), 'text/html; charset=utf-8')
  const page = await response.text()
  const loaded = [...page.matchAll(/<(?:script|link)[^>]* (?:src|href)="\.\/([^"]*)"/g)].map(
    ([, path]) => path!,
  )
  assert.equal(loaded.sort(), ['main.css', 'main.js'])
  const types: Record<string, string> = { css: 'text/css', js: 'text/javascript', txt: 'text/plain' }
  for (const path of [...loaded, 'LICENSES.txt']) {
    const part = await fetch(`${server.url}/${path}`)
    assert.is(part.status, 200, path)
    assert.is(part.headers.get('content-type'), `${types[path.split('.')[1]!]}; charset=utf-8`)
    if (path === 'LICENSES.txt') assert.match(await part.text(), /The MIT License/)
  }
  // Each file that is there is used.
  const names = readdirSync('packages/gateway/dist/playground')
  assert.equal(names.sort(), ['LICENSES.txt', 'index.html', 'main.css', 'main.js'])
  assert.is(emulator.stats.requests, 0, 'a page is no request of the API')
})

test('HEAD has no body; another method, file or way out of the folder is the API’s 404', async () => {
  const head = await fetch(`${server.url}/`, { method: 'HEAD' })
  assert.is(head.status, 200)
  assert.is(await head.text(), '')
  assert.is((await fetch(`${server.url}/`, { method: 'POST' })).status, 404)
  // Not by fetch, which would tidy the path up.
  for (const path of [
    '/main.ts',
    '/main.js/',
    '/playground/main.js',
    '/../index.js',
    '/%2e%2e/cli.js',
    '/constructor',
    '/__proto__',
    '/index.html',
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
