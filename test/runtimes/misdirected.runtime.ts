// A 421 says that the server did not look at the request. Node's fetch sends a form again then, by itself: what the client
// sends by the global `fetch` arrives once, whole, and the answer is told.
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { chromium } from 'playwright-core'
import { assert, suite } from '#test'
import { chromium as executablePath } from '../../scripts/lib/ensure.mjs'
import { listen } from '../support/listen.ts'
import { readBody, readParts, type WirePart } from '../support/multipart.ts'
import { command } from './command.ts'

const test = suite('executes that are answered with 421')
const modules = resolve('test/runtimes/node_modules')
const index = pathToFileURL(resolve('packages/client/dist/index.js')).href
const runtimes: [name: string, file: string, ...args: string[]][] = [
  ...[18, 20, 22, 24, 26].map((major): [string, string] => [
    `Node ${major}`,
    `${modules}/node${major}/bin/node`,
  ]),
  ['Bun', `${modules}/@oven/bun-linux-x64/bin/bun`],
  [
    'Deno',
    `${modules}/@deno/linux-x64-glibc/deno`,
    ...['run', '--no-prompt', '--allow-net=127.0.0.1', '--allow-read'],
  ],
]

interface Post {
  workflowId: string | null
  headers: Record<string, string | string[] | undefined>
  size: number
  parts: WirePart[]
}

for (const [name, file, ...args] of runtimes) {
  test(name, async () => {
    const posts: Post[] = []
    const server = await listen(async (request, response) => {
      const { searchParams } = new URL(request.url!, 'http://pod.test')
      const body = await readBody(request)
      const parts = body.length ? readParts(body, request.headers['content-type']) : []
      posts.push({
        workflowId: searchParams.get('workflow_id'),
        headers: request.headers,
        size: body.length,
        parts,
      })
      response.writeHead(421, { 'content-type': 'application/json' }).end('{"errors":"misdirected"}')
    })
    let told: unknown
    const run = command(file, [...args, resolve('test/runtimes/app/misdirected.mjs'), index, server.url], '.')
    try {
      await run.exit
      told = JSON.parse(run.output().trim().split('\n').at(-1)!)
    } finally {
      await run.end()
      await server.close()
    }
    const isNode = name.startsWith('Node')
    const refused = { code: 'ERR_FLOWSCALE_HTTP', status: 421, maybeSubmitted: false }
    const open = { code: 'ERR_FLOWSCALE_NETWORK', status: 0, maybeSubmitted: true }
    // With a `fetch` of the caller's it is a form, whatever sends it: good news would be to be told in docs/guarantees.md.
    assert.equal(told, [refused, isNode ? open : refused])
    const [post, ...more] = posts.filter(({ workflowId }) => workflowId === 'default')
    assert.is(more.length, 0)
    assert.equal(
      post?.parts.map(({ name, text, bytes }) => [name, bytes.length < 99 ? text : bytes.length]),
      [
        ['text', 'zwölf\r\n'],
        ['image', 100_000],
      ],
    )
    assert.is(post?.headers['content-length'], `${post?.size}`)
    assert.match(post?.headers['content-type'] as string, /^multipart\/form-data; boundary=/)
    if (isNode) console.log(`[show] ${name}, a fetch of the caller's: ${posts.length - 1} POSTs`)
  })
}

test('Chromium sends it once more, whole', async () => {
  const bodies: number[] = []
  const server = await listen(async (request, response) => {
    if (request.method === 'GET') return void response.end()
    bodies.push((await readBody(request)).length)
    response.writeHead(421).end()
  })
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'], timeout: 120_000 })
  try {
    const page = await browser.newPage()
    await page.goto(server.url)
    const status = await page.evaluate(async () => {
      const body = new FormData()
      body.append('text', 'zwölf')
      return (await fetch('/api/v1/runs', { method: 'POST', body, redirect: 'manual' })).status
    })
    assert.is(status, 421)
    // Once would be good news, to be told in docs/guarantees.md.
    assert.is(bodies.length, 2)
    assert.is(bodies[0], bodies[1])
  } finally {
    await browser.close()
    await server.close()
  }
})
