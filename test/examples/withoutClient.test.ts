// What docs/without-client.md says, by the programs themselves; of n8n, the requests that its nodes describe.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encode } from 'fast-png'
import { assert, suite } from '#test'
import { ensure } from '../../scripts/lib/ensure.mjs'
import { runCommand } from '../../scripts/test/runFile.ts'
import { blockOf } from '../support/blockOf.ts'
import { pod } from './kit.ts'

const test = suite('without our client')
const PNG = '\x89PNG\r\n\x1a\n'
ensure('curl', 'jq', 'python3', 'php-cli')

let folder = ''
let server: Awaited<ReturnType<typeof pod>>
test.before.each(async () => {
  folder = mkdtempSync(join(tmpdir(), 'without-client-'))
  const data = new Uint8Array(32 * 32 * 3).map((_, index) => index % 251)
  writeFileSync(join(folder, 'photo.png'), encode({ width: 32, height: 32, channels: 3, data }))
  server = await pod({ apiKey: 'fsk_local_demo_key' })
})
test.after.each(async () => {
  await server.close()
  rmSync(folder, { recursive: true })
})

const local = (label: string): string =>
  blockOf('docs/without-client.md', label).replaceAll('http://127.0.0.1:4188', server.url)

for (const [label, command] of [
  ['curl', ['bash', '-euo', 'pipefail']],
  ['form', ['bash', '-euo', 'pipefail']],
  ['urllib', ['python3']],
  ['streams', ['php']],
] as const) {
  test(`${label} has a picture at the end`, async () => {
    writeFileSync(join(folder, 'block'), local(label))
    const [program, ...flags] = command
    const { code, output } = await runCommand(program, [...flags, 'block'], { cwd: folder })
    assert.is(code, 0, output)
    const [picture] = readdirSync(folder).filter((name) => !['block', 'photo.png'].includes(name))
    assert.ok(readFileSync(join(folder, picture!), 'latin1').startsWith(PNG), picture)
    assert.is(server.emulator.stats.runsStarted, 1)
  })
}

test('the nodes of n8n have a picture at the end', async () => {
  const { nodes, connections } = JSON.parse(local('n8n'))
  const [paint, get] = nodes.map(({ parameters }: any) => parameters)
  assert.is(connections[nodes[0].name].main[0][0].node, nodes[1].name)
  const headers = new Headers({ 'content-type': 'application/json' })
  for (const { name, value } of paint.headerParameters.parameters) headers.set(name, value)
  const answer = await fetch(paint.url, { method: paint.method, headers, body: paint.jsonBody })
  const $json = await answer.json()
  const [, path] = /^=\{\{ \$json\.(.+) \}\}$/.exec(get.url)!
  const keys = path!.split(/[.[\]]+/)
  const url = keys.reduce((value: any, key) => value[key], $json)
  assert.ok(
    Buffer.from(await (await fetch(url)).arrayBuffer())
      .toString('latin1')
      .startsWith(PNG),
  )
})
