// A page is printed once: where it stands a second time, it is the same.
import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { inAPage } from '../frameworks/kit/readBlocks.ts'

const test = suite('pages')
const code = (text: string): string => text.replace(/^(\/\/.*\n)+/, '')

test('the component for Next.js is the page of docs/in-a-page.md', () => {
  const example = readFileSync('examples/nextjs-component.tsx', 'utf8')
  const page = inAPage.block('app/page.tsx').replace('default function Page()', 'function FlowScaleImage()')
  assert.fixture(code(example), code(page))
})

test('the route for Next.js lets the same operations pass, and progress as it happens', () => {
  const example = readFileSync('examples/nextjs-route.ts', 'utf8')
  const route = inAPage.block('app/api/flowscale/[...path]/route.ts')
  for (const line of [/^ +operations: .*$/m, /^ +push: .*$/m]) {
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

test.run()
