// Which addresses webhooks reach in each runtime of the gateway, and that a certificate is for the name that was looked up.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { resolve } from 'node:path'
import { build } from 'esbuild'
import { assert, suite } from '#test'
import { type Played, right } from '../unit/gateway/webhooks/refusals.ts'
import { bunPath, command, denoPath, nodePath, nodes } from './command.ts'

const test = suite('webhooks in each runtime')
const folder = resolve('.tmp/webhooks')
const [script, key, cert] = ['webhooks.mjs', 'key.pem', 'cert.pem'].map((name) => `${folder}/${name}`) as [
  string,
  string,
  string,
]
const server = createServer((_, response) => response.end())

test.before(async () => {
  mkdirSync(folder, { recursive: true })
  const kind = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=hook.test'
  const names = ['-addext', 'subjectAltName=DNS:hook.test', '-keyout', key, '-out', cert]
  execFileSync('openssl', [...kind.split(' '), ...names], { stdio: 'ignore' })
  server.setSecureContext({ key: readFileSync(key), cert: readFileSync(cert) })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const app = { entryPoints: ['test/runtimes/app/webhooks.ts'], outfile: script }
  await build({ ...app, bundle: true, format: 'esm', platform: 'node', logLevel: 'error' })
})
test.after(() => server.close())

/** Those whose `lookup` or `BlockList` does nothing send nothing. */
const [deno, bun] = [denoPath('deno-oldest'), bunPath('bun-oldest')]
const runtimes: [name: string, file: string, ...args: string[]][] = [
  ...nodes.filter((major) => major > 18).map((major): [string, string] => [`Node ${major}`, nodePath(major)]),
  ['Deno', denoPath(), 'run', '--no-prompt', '-A'],
  ['Bun', bunPath()],
  ['Deno, oldest', deno, 'run', '--no-prompt', '-A'],
  ['Bun, oldest', bun],
]

for (const [name, file, ...args] of runtimes) {
  test(name, async () => {
    const { port } = server.address() as AddressInfo
    const run = command(file, [...args, script, String(port)], '.', {
      NODE_EXTRA_CA_CERTS: cert,
      DENO_CERT: cert,
    })
    try {
      assert.is(await run.exit, 0, run.output())
      const [{ tried, ...played }, own, other]: [Played, ...unknown[]] = JSON.parse(
        run.output().trim().split('\n').at(-1)!,
      )
      assert.ok(tried >= 60)
      if (file === deno || file === bun) return assert.is(played.reached, 0)
      assert.equal(played, right)
      assert.equal(
        [own, other],
        [{ status: 200 }, { error: 'The request failed (ERR_TLS_CERT_ALTNAME_INVALID)' }],
      )
    } finally {
      await run.end()
    }
  })
}
