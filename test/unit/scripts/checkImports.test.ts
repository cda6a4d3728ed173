import { assert, suite } from '#test'
import { breaches, countLines } from '../../../scripts/check-imports.ts'

const test = suite('import rules')
const client = (file: string, text: string) => breaches([{ path: `packages/client/src/${file}`, text }])
const facade = (text: string) => breaches([{ path: 'packages/flowscale/src/x.ts', text }])
const command = (text: string) => breaches([{ path: 'packages/flowscale/src/command/x.ts', text }])
const emulator = (file: string, text: string) => breaches([{ path: `packages/emulator/src/${file}`, text }])
const model = (text: string) => breaches([{ path: 'packages/ai-sdk/src/x.ts', text }])
const gateway = (file: string, text: string) => breaches([{ path: `packages/gateway/src/${file}`, text }])

const wrong: [what: string, found: string[]][] = [
  ['node:', client('api/x.ts', "import { readFile } from 'node:fs'")],
  ['a lazy node:', client('api/x.ts', "const fs = await import('node:fs')")],
  ['a dependency', client('api/x.ts', "import x from 'ky'")],
  ['the emulator', client('api/x.ts', "import x from '../../../emulator/src/index.ts'")],
  ['process', client('api/x.ts', 'export const key = process.env.KEY')],
  ['globalThis.process', client('api/x.ts', 'export const key = globalThis.process')],
  ['Buffer', client('internal/x.ts', 'export const b = Buffer.from("")')],
  ['an index', client('api/x.ts', "import { getRun } from '../index.ts'")],
  ['internal from api', client('internal/x.ts', "import { getRun } from '../api/getRun.ts'")],
  ['the poller from api', client('api/x.ts', "import { p } from '../poller/poll.ts'")],
  [
    "an api file that is not the poller's",
    client('poller/x.ts', "import { checkHealth } from '../api/checkHealth.ts'"),
  ],
  ['an api file from the proxy', client('proxy/x.ts', "import { getRun } from '../api/getRun.ts'")],
  ['the poller from the proxy', client('proxy/x.ts', "import { p } from '../poller/poll.ts'")],
  ['the proxy from api', client('api/x.ts', "import { x } from '../proxy/routes.ts'")],
  ['the proxy from internal', client('internal/x.ts', "import { x } from '../proxy/refuse.ts'")],
  ['the proxy from the poller', client('poller/x.ts', "import { x } from '../proxy/refuse.ts'")],
  ['the proxy from the socket', client('websocket/x.ts', "import { x } from '../proxy/refuse.ts'")],
  ['workflows with types from api', client('api/x.ts', "import { x } from '../typed.ts'")],
  ['a part of the poller from types', client('typed/x.ts', "import { p } from '../poller/poll.ts'")],
  ['an api file that types do not call', client('typed/x.ts', "import { x } from '../api/getRun.ts'")],
  ['the part on Node from api', client('api/x.ts', "import { x } from '../node/fileInput.ts'")],
  ['the poller from the part on Node', client('node/x.ts', "import { p } from '../poller/poll.ts'")],
  ['a dependency on Node', client('node/x.ts', "import x from 'mime'")],
  ['events from api', client('api/x.ts', "import { x } from '../events.ts'")],
  ['events from the proxy', client('proxy/x.ts', "import { x } from '../events.ts'")],
  ['an api file from events', client('events/x.ts', "import { getRun } from '../api/getRun.ts'")],
  ['the poller from events', client('events/x.ts', "import { p } from '../poller/poll.ts'")],
  ['the store from the poller', client('poller/x.ts', "import { x } from '../store/toEnd.ts'")],
  ['a part of the poller from the store', client('store/x.ts', "import { p } from '../poller/poll.ts'")],
  ['an api file that the store does not call', client('store/x.ts', "import { x } from '../api/getRuns.ts'")],
  ['the hooks from the store', client('store/x.ts', "import { x } from '../react.ts'")],
  ['react outside of the hooks', client('store/x.ts', "import { useState } from 'react'")],
  ['a part of the store from the hooks', client('react/x.ts', "import { x } from '../store/toEnd.ts'")],
  ['an api file that no hook calls', client('react/x.ts', "import { x } from '../api/getRun.ts'")],
  ['the hooks in the class', facade("import { x } from '@flowscale/client/react'")],
  ['no extension', client('api/x.ts', "import { x } from './y'")],
  ['the logger from the socket', client('websocket/x.ts', "import { x } from '../logger.ts'")],
  ['the AI SDK from a model', model("import { APICallError } from 'ai'")],
  ['the part on Node from a model', model("import { saveOutput } from '@flowscale/client/node'")],
  ['the client from the emulator', emulator('x.ts', "import { x } from '@flowscale/client'")],
  ['node: in the core', emulator('pod/x.ts', "import { x } from 'node:http'")],
  ['what is no entry point of the client', facade("import { x } from '@flowscale/client/dist/shared.js'")],
  ['the sources of the client from the class', facade("import { x } from '../../client/src/client.ts'")],
  ['node: in the class', facade("import { x } from 'node:fs'")],
  ['the part on Node in the class', facade("import { x } from '@flowscale/client/node'")],
  ['the command in the class', facade("import { x } from './command/main.ts'")],
  ['a library in the class', facade("import x from 'commander'")],
  ['the class in the command', command("import { x } from '../FlowscaleAPI.ts'")],
  ['the emulator in the command', command("import { x } from '@flowscale/emulator'")],
  ['process in the core', emulator('pod/x.ts', 'process.exit()')],
  ['the whole gateway from the emulator', emulator('x.ts', "import { x } from '@flowscale/gateway'")],
  ["the gateway's server in the core", emulator('pod/x.ts', "import { x } from '@flowscale/gateway/node'")],
  ['the sources of the gateway', emulator('x.ts', "import { x } from '../../gateway/src/engine.ts'")],
  ['the painter past its door', emulator('pod/x.ts', "import { x } from '../painter/sky.ts'")],
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
  assert.equal(client('poller/x.ts', "import { getRun } from '../api/getRun.ts'"), [])
  assert.equal(client('api/x.ts', "import { x } from '../internal/y.ts'"), [])
  assert.equal(client('proxy/x.ts', "import { x } from '../internal/y.ts'; import { y } from './z.ts'"), [])
  assert.equal(client('api/x.ts', 'export const a = { process: 1 }; a.process'), [])
  assert.equal(emulator('node/x.ts', "import { x } from 'node:http'; process.exit()"), [])
  assert.equal(facade("import { x } from '@flowscale/client/poller'"), [])
  assert.equal(facade("import { x } from '@flowscale/client/proxy'"), [])
  assert.equal(facade("import { x } from '@flowscale/client/events'"), [])
  assert.equal(client('store/x.ts', "import { x } from '../poller/options.ts'"), [])
  assert.equal(client('react.ts', "import 'react'; import type { X } from './store/types.ts'"), [])
  assert.equal(emulator('cli.ts', "import { x } from 'node:util'"), [])
  assert.equal(emulator('pod/x.ts', "import { x } from '@flowscale/gateway/face'"), [])
  assert.equal(emulator('node/x.ts', "import { x } from '@flowscale/gateway/node'"), [])
  assert.equal(emulator('pod/x.ts', "import { x } from '../painter/builtIn.ts'"), [])
  assert.equal(gateway('face/api/x.ts', "import { x } from '../../engine.ts'; import 'multipasta'"), [])
  assert.equal(gateway('node/x.ts', "import { x } from '../face/types.ts'; import 'node:fs'"), [])
  assert.equal(
    gateway('engines/a/b/x.ts', "import { x } from '../y.ts'; import { z } from '../../../engine.ts'"),
    [],
  )
  assert.equal(gateway('engines/a/x.ts', "import '../../records/x.ts'; import '../../openUrl.ts'"), [])
})
