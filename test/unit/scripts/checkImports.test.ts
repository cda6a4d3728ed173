import { assert, suite } from '#test'
import { breaches, countLines } from '../../../scripts/check-imports.ts'

const test = suite('import rules')
const facade = (text: string) => breaches([{ path: 'packages/flowscale/src/x.ts', text }])
const command = (text: string) => breaches([{ path: 'packages/flowscale/src/command/x.ts', text }])
const emulator = (file: string, text: string) => breaches([{ path: `packages/emulator/src/${file}`, text }])
const model = (text: string) => breaches([{ path: 'packages/ai-sdk/src/x.ts', text }])
const gateway = (file: string, text: string) => breaches([{ path: `packages/gateway/src/${file}`, text }])

const wrong: [what: string, found: string[]][] = [
  ['the hooks in the class', facade("import { x } from '@flowscale/client/react'")],
  ['the AI SDK from a model', model("import { APICallError } from 'ai'")],
  ['the part on Node from a model', model("import { saveOutput } from '@flowscale/client/node'")],
  ['the client from the emulator', emulator('x.ts', "import { x } from '@flowscale/client'")],
  ['node: in the core', emulator('engine/x.ts', "import { x } from 'node:http'")],
  ['what is no entry point of the client', facade("import { x } from '@flowscale/client/dist/shared.js'")],
  ['the sources of the client from the class', facade("import { x } from '../../client/src/client.ts'")],
  ['node: in the class', facade("import { x } from 'node:fs'")],
  ['the part on Node in the class', facade("import { x } from '@flowscale/client/node'")],
  ['the command in the class', facade("import { x } from './command/main.ts'")],
  ['a library in the class', facade("import x from 'commander'")],
  ['the class in the command', command("import { x } from '../FlowscaleAPI.ts'")],
  ['the emulator in the command', command("import { x } from '@flowscale/emulator'")],
  ['process in the core', emulator('engine/x.ts', 'process.exit()')],
  ['the whole gateway from the emulator', emulator('x.ts', "import { x } from '@flowscale/gateway'")],
  [
    "the gateway's server in the core",
    emulator('engine/x.ts', "import { x } from '@flowscale/gateway/node'"),
  ],
  ['the sources of the gateway', emulator('x.ts', "import { x } from '../../gateway/src/engine.ts'")],
  ['the painter past its door', emulator('engine/x.ts', "import { x } from '../painter/paint.ts'")],
  ['a workflow in the painter', emulator('painter/x.ts', "import { x } from '../workflows/types.ts'")],
  ['the client from the gateway', gateway('x.ts', "import { x } from '@flowscale/client'")],
  ['the emulator from the gateway', gateway('x.ts', "import { x } from '@flowscale/emulator'")],
  ['node: in the face', gateway('face/x.ts', "import { x } from 'node:http'")],
  ['process in the face', gateway('face/x.ts', 'process.exit()')],
  ['the server from the face', gateway('face/api/x.ts', "import { x } from '../../node/serve.ts'")],
  ['an engine from the face', gateway('face/x.ts', "import type { X } from '../engines/comfyui/x.ts'")],
  ['an engine from the server', gateway('node/x.ts', "import { x } from '../engines/comfyui/x.ts'")],
  [
    'the rest of an engine from its workflows',
    gateway('engines/a/workflows/x.ts', "import { x } from '../server/x.ts'"),
  ],
  ['the face from an engine', gateway('engines/comfyui/x.ts', "import { x } from '../../face/types.ts'")],
  ['the rest from an engine', gateway('engines/a/x.ts', "import { x } from '../../createGateway.ts'")],
  ['an engine from another', gateway('engines/a/x.ts', "import { x } from '../b/y.ts'")],
  ['node: in an engine', gateway('engines/a/x.ts', "import { x } from 'node:fs'")],
]
for (const [what, found] of wrong) test(`refuses ${what}`, () => assert.ok(found.length > 0))

test('refuses two files that import each other, if only a type', () => {
  const a = { path: 'packages/client/src/api/a.ts', text: "import { b } from './b.ts'" }
  const b = { path: 'packages/client/src/api/b.ts', text: "import type { A } from './a.ts'" }
  assert.equal(breaches([a, b]), [`${a.path}: imports ${b.path}, and it this`])
  assert.equal(breaches([a]), [])
})

for (const name of ['gateway', 'emulator', 'flowscale']) {
  test(`refuses a pair in ${name}, too`, () => {
    const a = { path: `packages/${name}/src/a.ts`, text: "import type { B } from './b.ts'" }
    const b = { path: `packages/${name}/src/b.ts`, text: "import type { A } from './a.ts'" }
    assert.equal(breaches([a, b]), [`${a.path}: imports ${b.path}, and it this`])
  })
}

test('counts the lines of the gateway', () => {
  const file = (path: string, lines: number) => ({ path: `packages/${path}`, text: 'x\n'.repeat(lines) })
  const files = (folder: string, count: number) =>
    Array.from({ length: count }, (_, i) => file(`gateway/src/${folder}/${i}.ts`, 200))
  const fine = countLines([
    ...files('face', 9),
    ...files('node', 2),
    ...files('engines/a', 11),
    ...files('engines/a/workflows', 3),
    file('client/src/x.ts', 999),
  ])
  assert.equal(
    [[...fine.rooms], fine.breaches],
    [
      [
        ['face', 2200],
        ['engines/a', 2200],
        ['engines/a/workflows', 600],
      ],
      [],
    ],
  )
  assert.equal(countLines([...files('face', 9), ...files('node', 3)]).breaches, [
    'face: 2400 lines, more than 2350',
  ])
  assert.equal(countLines(files('engines/b', 12)).breaches, ['engines/b: 2400 lines, more than 2350'])
  assert.equal(countLines([file('gateway/src/face/x.ts', 201)]).breaches, [
    'packages/gateway/src/face/x.ts: 201 lines, more than 200',
  ])
})

test('lets pass what is allowed', () => {
  assert.equal(emulator('node/x.ts', "import { x } from 'node:http'; process.exit()"), [])
  assert.equal(facade("import { x } from '@flowscale/client/poller'"), [])
  assert.equal(facade("import { x } from '@flowscale/client/proxy'"), [])
  assert.equal(facade("import { x } from '@flowscale/client/events'"), [])
  assert.equal(emulator('cli.ts', "import { x } from 'node:util'"), [])
  assert.equal(emulator('engine/x.ts', "import { x } from '@flowscale/gateway/http'"), [])
  assert.equal(emulator('node/x.ts', "import { x } from '@flowscale/gateway/node'"), [])
  assert.equal(emulator('comfyui/x.ts', "import { x } from '@flowscale/gateway/node'"), [])
  assert.equal(emulator('engine/x.ts', "import { x } from '../painter/index.ts'"), [])
  assert.equal(gateway('face/api/x.ts', "import { x } from '../../engine.ts'; import 'multipasta'"), [])
  assert.equal(gateway('node/x.ts', "import { x } from '../face/types.ts'; import 'node:fs'"), [])
  assert.equal(
    gateway('engines/a/b/x.ts', "import { x } from '../y.ts'; import { z } from '../../../engine.ts'"),
    [],
  )
  assert.equal(gateway('engines/a/x.ts', "import '../../records/x.ts'; import '../../openUrl.ts'"), [])
})
