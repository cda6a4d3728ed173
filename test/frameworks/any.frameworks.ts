// The handler of docs/proxy.md in Bun and in Deno, and on Node by `toNodeHandler`.
import { join } from 'node:path'
import { suiteWithBrowser } from '../browser/kit/browser.ts'
import { buildPlainPage, frameworks, plainPage } from './kit/createApp.ts'
import { run } from './kit/start.ts'
import { testMount } from './kit/testApp.ts'

const test = suiteWithBrowser('any framework')

const app = `import { readFile } from 'node:fs/promises'
import process from 'node:process'
import { handler } from './flowscale.ts'

async function answer(request: Request): Promise<Response> {
  const { pathname, protocol } = new URL(request.url)
  if (pathname.startsWith('/api/flowscale/')) return handler(request)
  const type = { '/': 'text/html; charset=utf-8', '/page.js': 'text/javascript' }[pathname]
  if (!type) return new Response('Not Found', { status: 404 })
  const headers = new Headers({ 'content-type': type })
  if (pathname === '/') headers.set('cache-control', 'private, no-store')
  if (pathname === '/' && !/(^|; )session=/.test(request.headers.get('cookie') ?? '')) {
    const secure = protocol === 'https:' ? '; Secure' : ''
    headers.append('set-cookie', \`session=\${crypto.randomUUID()}; Path=/; HttpOnly; SameSite=Lax\${secure}\`)
  }
  return new Response(await readFile(\`dist/\${pathname === '/' ? 'index.html' : 'page.js'}\`), { headers })
}

export default { fetch: answer, port: process.env.PORT ?? 3000, hostname: '127.0.0.1', idleTimeout: 30 }
`
const node = `import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { toNodeHandler } from '@flowscale/client/proxy'
import app from './app.ts'

const server = createServer(toNodeHandler(app.fetch))
server.listen(Number(app.port), app.hostname, () => {
  console.log(\`http://127.0.0.1:\${(server.address() as AddressInfo).port}\`)
})
`
const serves = {
  Bun: 'bun app.ts',
  Deno: 'deno serve --host=127.0.0.1 --port=0 --allow-net --allow-read=dist --allow-env app.ts',
  Node: 'npx tsx node.ts',
}

for (const [name, serve] of Object.entries(serves)) {
  const { app: folder } = testMount(test, {
    name,
    section: 'Any other',
    handler: 'flowscale.ts',
    files: {
      ...{ ...plainPage, 'app.ts': app, 'node.ts': node },
      'package.json': '{ "private": true, "type": "module" }',
      'tsconfig.json': JSON.stringify({
        compilerOptions: {
          ...{ target: 'ES2022', module: 'NodeNext', strict: true, exactOptionalPropertyTypes: true },
          ...{ types: ['node'], lib: ['ES2023', 'DOM', 'DOM.Iterable'], skipLibCheck: true, noEmit: true },
          allowImportingTsExtensions: true,
        },
        files: ['node.ts'],
      }),
    },
    checks: ['runAndReload', 'cancel', 'keepApart', 'stream'],
    commands: [buildPlainPage, serve],
  })
  if (name === 'Node')
    test('its types are right', async () => {
      await run(folder, join(frameworks, 'node_modules/typescript/bin/tsc'), '-p', '.')
    })
}
