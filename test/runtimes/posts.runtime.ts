// What a POST is answered with, or that nothing listens, and how often it arrives: Node's fetch sends a form again by itself after a 421, and Deno a
// text after a reset. What the client sends by the global `fetch` arrives once, whole, and the answer is told.
import { mkdirSync, rmSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { chromium } from 'playwright-core'
import { assert, suite } from '#test'
import { chromium as executablePath } from '../../scripts/lib/ensure.mjs'
import { listen } from '../support/listen.ts'
import { readBody, readParts } from '../support/multipart.ts'
import { bunPath, command, denoPath, nodePath, usualNodes } from './command.ts'

const test = suite('POSTs that are refused, reset or repeated')
const hrefOf = (path: string) => pathToFileURL(resolve(path)).href
const built = hrefOf('packages/client/dist/index.js')
const sources = hrefOf('packages/client/src/index.ts')
const undici = hrefOf('node_modules/undici/index.js')

/** As a bundler makes it for a platform that it does not know. */
async function neutral(): Promise<string> {
  const outfile = resolve('.tmp/posts/neutral.mjs')
  const entryPoints = ['packages/client/dist/index.js']
  await build({ entryPoints, outfile, bundle: true, format: 'esm', platform: 'neutral', conditions: [] })
  return pathToFileURL(outfile).href
}

const deno = [denoPath(), 'run', '--no-prompt', '--no-lock', '--allow-net=127.0.0.1', '--allow-read']
const runtimes: [name: string, start: string[], client: string][] = [
  ['Bun', [bunPath()], built],
  ['Deno', deno, built],
  // As JSR publishes them.
  ['Bun, the sources', [bunPath()], sources],
  ['Deno, the sources', deno, sources],
]
for (const major of usualNodes) {
  runtimes.push([`Node ${major}`, [nodePath(major)], built])
  runtimes.push([`Node ${major}, a neutral bundle`, [nodePath(major)], 'neutral'])
}

/** Of the server: by scenario, the parts of each POST. */
type Posts = Record<string, [name: string, content: string | number][][]>

const answers: Record<string, (response: ServerResponse, count: number) => void> = {
  reset: (response) => response.socket!.destroy(),
  429: (response, count) =>
    count > 1
      ? response.end('{"status":"success","data":{"run_id":"second"}}')
      : response.writeHead(429, { 'retry-after': '0' }).end(),
}

async function startServer(posts: Posts) {
  return listen(async (request: IncomingMessage, response: ServerResponse) => {
    const scenario = request.url!.split('/')[1]!
    const [what = ''] = scenario.split('-')
    const body = await readBody(request)
    // Node's second form has no content.
    const parts = body.length ? readParts(body, request.headers['content-type']) : []
    posts[scenario] ??= []
    const list = posts[scenario]
    list.push(parts.map(({ name, text, bytes }) => [name, bytes.length < 99 ? text : bytes.length]))
    response.setHeader('content-type', 'application/json')
    const answer = answers[what]
    if (answer) answer(response, list.length)
    else response.writeHead(Number(what) || 421).end('{"errors":"refused"}')
  })
}

const text: [string, string] = ['text', 'zwölf\r\n']
const whole: Record<string, Posts[string][number]> = {
  texts: [text, ['more', 'a'], ['more', 'b']],
  file: [text, ['image', 100_000]],
}

for (const [name, [file, ...args], client] of runtimes) {
  test(name, async () => {
    const posts: Posts = {}
    const server = await startServer(posts)
    const isNode = name.startsWith('Node')
    // The version of undici here needs Node 20.
    const ofUndici = isNode && !name.startsWith('Node 18') ? ['agent', 'install', 'mock'] : []
    const scenarios = ['421', '401', '407', 'reset', '429', 'own', 'away', ...ofUndici]
    const index = client === 'neutral' ? await neutral() : client
    const script = resolve('test/runtimes/app/posts.mjs')
    const run = command(
      file!,
      [...args, script, index, server.url, scenarios.join(), ...(ofUndici.length ? [undici] : [])],
      '.',
    )
    let told: Record<string, string> = {}
    try {
      await run.exit
      told = JSON.parse(run.output().trim().split('\n').at(-1)!)
    } finally {
      await run.end()
      await server.close()
    }
    for (const kind of ['texts', 'file']) {
      for (const scenario of scenarios) {
        const key = `${scenario}-${kind}`
        const sent = posts[key] ?? []
        if (scenario === 'mock') {
          assert.is(told[key], 'mocked')
          assert.is(sent.length, 0)
          continue
        }
        // Bun does not tell a refused connection from a lost one.
        if (scenario === 'away') {
          assert.is(told[key], `ERR_FLOWSCALE_NETWORK 0 ${name.startsWith('Bun')}`, key)
          continue
        }
        // Node sends a form of the caller's fetch again, broken: good news would be to be told in docs/guarantees.md.
        if (scenario === 'own' && isNode) {
          assert.is(told[key], 'ERR_FLOWSCALE_NETWORK 0 true', key)
          assert.equal(sent[0], whole[kind], key)
          console.log(`[show] ${name}, a fetch of the caller's, ${kind}: ${sent.length} POSTs`)
          continue
        }
        const count = scenario === '429' ? 2 : 1
        assert.equal(sent, Array(count).fill(whole[kind]), key)
        const status = Number(scenario) || 421
        const refused = `ERR_FLOWSCALE_HTTP ${status} false`
        const open = 'ERR_FLOWSCALE_NETWORK 0 true'
        // Node's fetch keeps a 407 to itself.
        const end = { reset: open, 429: 'second', 407: isNode ? open : refused }[scenario] ?? refused
        assert.is(told[key], end, key)
      }
    }
  })
}

for (const major of usualNodes.filter((major) => major > 18)) {
  // With a form, Node 24 and 26 end the whole process then, or send a file that has changed.
  test(`Node ${major}: a file that changes before or while it is sent is an error of the client`, async () => {
    let begin = () => {}
    const begun = new Promise<void>((resolve) => {
      begin = resolve
    })
    const server = await listen(async (request, response) => {
      if (request.method === 'GET') return void begun.then(() => response.end())
      // So much is on its way that the rest of the file is still to be read.
      request.once('data', () => {
        request.pause()
        begin()
        setTimeout(() => request.resume(), 200)
      })
      request.on('end', () => response.end('{"status":"success","data":{"run_id":"whole"}}'))
    })
    const path = resolve(`.tmp/posts/changing-${process.pid}.bin`)
    mkdirSync(resolve('.tmp/posts'), { recursive: true })
    const script = resolve('test/runtimes/app/changing.mjs')
    const run = command(nodePath(major), [script, built, server.url, path], '.')
    try {
      assert.is(await run.exit, 0, run.output())
      const error = 'ERR_FLOWSCALE_NETWORK true'
      assert.equal(JSON.parse(run.output().trim().split('\n').at(-1)!), [error, error])
    } finally {
      await run.end()
      await server.close()
      rmSync(path, { force: true })
    }
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
