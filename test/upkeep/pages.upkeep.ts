// A page is printed once: where it stands a second time, it is the same.
import { readdirSync, readFileSync } from 'node:fs'
import { assert, suite } from '#test'
import { inAPage, readDocument } from '../frameworks/kit/readBlocks.ts'

const test = suite('pages')
const code = (text: string): string => text.replace(/^(\/\/.*\n)+/, '')

test('the component for Next.js is the page of docs/in-a-page.md', () => {
  const example = readFileSync('examples/nextjs-component.tsx', 'utf8')
  const page = inAPage.block('app/page.tsx').replace('default function Page()', 'function FlowScaleImage()')
  assert.fixture(code(example), code(page))
})

test('the route for Next.js lets the same visitors and operations pass, and progress as it happens', () => {
  const example = readFileSync('examples/nextjs-route.ts', 'utf8')
  const route = inAPage.block('app/api/flowscale/[...path]/route.ts')
  for (const line of [/^ +authorize: [\s\S]*?^ {2}},$/m, /^ +operations: .*$/m, /^ +push: .*$/m]) {
    assert.match(example, line)
    assert.is(line.exec(example)?.[0], line.exec(route)?.[0])
  }
})

test('the route and the server in docs/in-a-page.md have the same handler', () => {
  const handlerOf = (file: string) =>
    /^const client = [\s\S]*?^const handler = [\s\S]*?^}\)$/m.exec(inAPage.block(file))?.[0]
  const handler = handlerOf('server.mjs')
  assert.match(handler ?? '', 'createProxyHandler')
  assert.is(handlerOf('app/api/flowscale/[...path]/route.ts'), handler)
})

const mounts = readdirSync('docs').filter((file) => /^proxy-.*\.md$/.test(file))

test('the pages on the proxy in frameworks print the same page, and the same handler', () => {
  const all = (file: string) => mounts.flatMap((name) => readDocument(name).blocks[file] ?? [])
  for (const file of ['public/index.html', 'page.js']) {
    const texts = all(file)
    assert.is(texts.length, 4)
    assert.is(new Set(texts).size, 1, file)
  }
  const handlers = mounts.flatMap((name) => {
    const texts = Object.values(readDocument(name).blocks)
    return texts.flatMap((text) => /^const handler = [\s\S]*?^}\)$/m.exec(text)?.[0] ?? [])
  })
  // The one on Workers is made for each request.
  assert.is(handlers.length, mounts.length - 1)
  assert.is(new Set(handlers).size, 1)
})

test('each of them is built and run by a test, and none lets everybody in', () => {
  const tests = readdirSync('test/frameworks')
    .filter((file) => file.endsWith('.frameworks.ts'))
    .map((file) => readFileSync(`test/frameworks/${file}`, 'utf8'))
  const proxy = readFileSync('docs/proxy.md', 'utf8')
  assert.is(mounts.length, 6)
  for (const name of mounts) {
    assert.ok(
      tests.some((text) => text.includes(`document: '${name}'`)),
      name,
    )
    assert.not.match(readFileSync(`docs/${name}`, 'utf8'), /authorize.*'public'/)
    assert.ok(proxy.includes(`](${name})`), `docs/proxy.md has no link to ${name}`)
  }
})
