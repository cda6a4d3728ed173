// The proxy on `@hono/node-server` 1, which replaces the global `Response`: results of `Response.json()` are none of its
// class then. In processes of their own. Version 2 leaves the class alone; the other tests run on it.
import { assert, suite } from '#test'
import { runFile } from '../../scripts/test/runFile.ts'
import { transpile } from '../../scripts/test/transpile.ts'

const HONO_NODE_SERVER = import.meta.resolve('hono-node-server-1')
const test = suite('the proxy on @hono/node-server 1')

const files = ['createProxyHandler.attacks', 'forward'].map(
  (name) => `test/unit/client/proxy/${name}.test.ts`,
)
const transpiled = await transpile(files)

for (const file of files) {
  test(file, async () => {
    const { passed, failed, output } = await runFile(transpiled, file, { env: { HONO_NODE_SERVER } })
    assert.is(failed, 0, output.slice(-4000))
    assert.ok(passed > 5)
  })
}
