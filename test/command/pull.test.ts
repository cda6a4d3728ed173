// `flowscale pull`, as a process.
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEmulator, type EmulatorOptions, type WorkflowDefinition } from '@flowscale/emulator'
import { serve } from '@flowscale/emulator/node'
import { assert, suite } from '#test'
import { startComfy } from '../comfyui/server/startComfy.ts'
import { CANARY } from '../support/canary.ts'
import { listen } from '../support/listen.ts'
import { choosing, openGateway, workflows } from '../support/openGateway.ts'
import { type Ended, flowscale, start } from './kit.ts'

const test = suite('flowscale pull')
const file = 'src/workflows.ts'
let cwd = ''
const closing: (() => unknown)[] = []

test.before.each(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'flowscale-pull-'))
})
test.after.each(async () => {
  for (const close of closing.splice(0)) await close()
  await rm(cwd, { recursive: true, force: true })
})

const path = (name = file) => join(cwd, name)
const text = (name = file) => readFile(path(name), 'utf8')
const envOf = (url: string) => ({ FLOWSCALE_API_URL: url, FLOWSCALE_API_KEY: CANARY })

async function pod(options: EmulatorOptions = {}) {
  const emulator = createEmulator({ apiKey: CANARY, ...options })
  const { url, close } = await serve(emulator)
  closing.push(close, () => emulator.close())
  return (...args: string[]) => flowscale(['pull', ...args], { cwd, env: envOf(url) })
}

async function broken(handler: (request: IncomingMessage, response: ServerResponse) => void) {
  const { url, close } = await listen(handler)
  closing.push(close)
  return (...args: string[]) => flowscale(['pull', ...args], { cwd, env: envOf(url) })
}

const answering = (body: unknown, status = 200, type = 'application/json') =>
  broken((_, response) => {
    response.writeHead(status, { 'content-type': type, 'retry-after': '0' })
    response.end(typeof body === 'string' ? body : JSON.stringify(body))
  })

const mine: WorkflowDefinition = {
  id: 'm1ne',
  name: 'Mine',
  description: 'Of my own',
  inputs: { prompt: 'string' },
  outputs: { picture: 'image' },
  run: () => ({}),
}
const changed = { ...mine, inputs: { prompt: 'string', mood: 'string' } } satisfies WorkflowDefinition

/** No draft is left beside the file. */
async function isAlone(folder = 'src') {
  assert.equal(await readdir(join(cwd, folder)), ['workflows.ts'])
}

const tells = ({ code, stderr, stdout }: Ended, expectedCode: number, expected: RegExp) => {
  assert.is(code, expectedCode, stderr)
  assert.match(stderr, expected)
  assert.not.match(stderr + stdout, CANARY)
}

for (const dialect of ['readme', 'python'] as const) {
  test(`writes the file, as the dialect ${dialect} tells the workflows`, async () => {
    const pull = await pod({ dialect })
    const { code, stdout, stderr } = await pull()
    assert.equal([code, stdout, stderr], [0, 'Wrote 8 workflows to src/workflows.ts.\n', ''])
    const written = await text()
    const page = await readFile('docs/command.md', 'utf8')
    const [printed] = /^export const textToImage [\s\S]*?(?=^```)/m.exec(page)!
    assert.match(written, printed)
    assert.match(written, /prompt: string \| readonly string\[\]/)
    assert.not.match(written, /127\.0\.0\.1|http|\d{4}-\d\d/)
    assert.not.match(written, CANARY)
    await isAlone()
  })
}

test('all dialects that list workflows give the same bytes; one without a list is told of', async () => {
  await (await pod())()
  const written = await text()
  const python = await pod({ dialect: 'python' })
  assert.is((await python('--check')).code, 0)
  const openapi = await pod({ dialect: 'openapi' })
  tells(await openapi(), 4, /does not list its workflows \(404\)/)
  assert.is(await text(), written)
})

test('a gateway before a ComfyUI tells defaults, ranges and choices', async () => {
  const comfy = await startComfy({ version: '0.8.0' })
  closing.push(() => comfy.stop())
  const { url, close } = await openGateway(comfy.url, { workflows: [...workflows, choosing] })
  closing.unshift(close)
  const ended = await flowscale(['pull'], { cwd, env: envOf(url) })
  assert.is(ended.code, 0, ended.stderr)
  const written = await text()
  assert.match(written, /\/\*\* Default: .*\. \*\//)
  assert.match(written, /A whole number from \d+ /)
  assert.match(written, /style\?: 'plain' \| 'inverted'\n/)
  assert.is((await flowscale(['pull', '--check'], { cwd, env: envOf(url) })).code, 0)
})

test('a file that is up to date is not touched, with other line ends neither', async () => {
  const pull = await pod()
  await pull()
  const longAgo = new Date('2020-01-01')
  await writeFile(path(), (await text()).replaceAll('\n', '\r\n'))
  await utimes(path(), longAgo, longAgo)
  const { code, stdout } = await pull()
  assert.equal([code, stdout], [0, 'src/workflows.ts is up to date: 8 workflows.\n'])
  assert.equal((await stat(path())).mtime, longAgo)
  assert.is((await pull('--check')).code, 0)
})

test('--check: no file, the same, another; it writes nothing', async () => {
  const pull = await pod({ workflows: [mine] })
  tells(
    await pull('--check', 'Mine'),
    1,
    /There is no src\/workflows\.ts: run the same command without --check/,
  )
  assert.equal(await readdir(cwd), [])
  await pull('Mine')
  assert.is((await pull('--check', 'Mine')).code, 0)
  const before = await text()

  const later = await pod({ workflows: [changed] })
  const ended = await later('--check', 'Mine')
  tells(ended, 1, /src\/workflows\.ts is out of date/)
  assert.match(ended.stderr, '\n+    mood: string\n')
  assert.is(ended.stdout, '')
  assert.is(await text(), before)

  const all = await later('--check')
  assert.match(all.stderr, /\n… \d+ more lines\n/)
  assert.ok(all.stderr.split('\n').length < 28, all.stderr)
  await writeFile(path(), 'export {}\n')
  assert.is((await later('--check', 'Mine')).code, 1)
  assert.is(await text(), 'export {}\n')
})

test('--check --json: one object', async () => {
  const pull = await pod({ workflows: [mine] })
  await pull('Mine')
  const same = await pull('--check', '--json', 'Mine')
  assert.equal([JSON.parse(same.stdout), same.code], [{ file, upToDate: true }, 0])
  const later = await pod({ workflows: [changed] })
  const { stdout, stderr, code } = await later('--check', '--json', 'Mine')
  const { error } = JSON.parse(stdout)
  assert.equal([error.code, error.file, stderr, code], ['out_of_date', file, '', 1])
  assert.match(error.diff, '\n+    mood: string\n')
})

test('--json prints the workflows, and writes nothing', async () => {
  const pull = await pod({ workflows: [mine] })
  const { stdout, stderr, code } = await pull('--json', 'Mine', 'Diptych')
  assert.equal([stderr, code], ['', 0])
  assert.equal(JSON.parse(stdout), {
    workflows: [
      {
        constant: 'diptych',
        id: 'd1ptych7two2',
        name: 'Diptych',
        description: 'Two images from one prompt, or from one prompt each',
        inputs: [
          { name: 'prompt', kind: 'string', required: true, array: true },
          { name: 'seed', kind: 'number', required: false, integer: true },
        ],
        outputs: [
          { name: 'left_image', kind: 'image' },
          { name: 'right_image', kind: 'image' },
        ],
        namesFiles: false,
      },
      {
        constant: 'mine',
        id: 'm1ne',
        name: 'Mine',
        description: 'Of my own',
        inputs: [{ name: 'prompt', kind: 'string', required: true }],
        outputs: [{ name: 'picture', kind: 'image' }],
        namesFiles: false,
      },
    ],
  })
  const both = await pull('--json', '--out', 'a.ts')
  assert.equal([both.code, JSON.parse(both.stdout).error.code], [2, 'usage'])
  assert.equal(await readdir(cwd), [])
})

test('workflows by id and by name, each once; their names are those of the whole list', async () => {
  const pull = await pod({ workflows: [mine, { ...mine, id: 'm2' }] })
  assert.is(
    (await pull('m1ne', 'Diptych', 'd1ptych7two2')).stdout,
    'Wrote 2 workflows to src/workflows.ts.\n',
  )
  const constants = (await text()).match(/(?<=const )\w+/g)
  assert.equal(constants, ['diptych', 'mine_m1ne'])
  tells(await pull('Diptich'), 4, /no workflow "Diptich"\. Did you mean "Diptych"\?/)
  tells(await pull('Mine'), 4, /Several workflows are named "Mine": use an id, m1ne, m2/)
  assert.equal((await text()).match(/(?<=const )\w+/g), constants)
})

test('--out makes the folder; it must be a TypeScript file', async () => {
  const pull = await pod()
  assert.is((await pull('--out', 'a/b/workflows.ts')).code, 0)
  await isAlone('a/b')
  for (const out of ['a', 'a.js', 'a/', '.ts', 'a.d.ts'])
    tells(await pull('--out', out), 2, /--out .*must be a TypeScript file/)
})

test('a file that pull did not write is left as it is; an empty one, and a link, are written', async () => {
  const pull = await pod()
  await mkdir(path('src'))
  await writeFile(path(), 'export const mine = 1\n')
  tells(await pull(), 2, /src\/workflows\.ts was not written by "flowscale pull": .*--out/)
  assert.is(await text(), 'export const mine = 1\n')
  await writeFile(path(), '\n')
  assert.is((await pull()).code, 0)
  await symlink(file, path('link.ts'))
  assert.is((await pull('Diptych', '--out', 'link.ts')).code, 0)
  assert.match(await text(), /^\/\/ Written by "flowscale pull"/)
  assert.is((await text()).match(/export const/g)?.length, 1)
})

test('what can’t be read or written is told of by its path', async () => {
  const pull = await pod()
  await mkdir(path(), { recursive: true })
  tells(await pull(), 1, /src\/workflows\.ts: this is a folder, not a file\.\n$/)
  await writeFile(path('a'), '')
  tells(await pull('--out', 'a/b.ts'), 1, /a\/b\.ts: a part of this path is no folder\.\n$/)
  if (process.getuid?.() === 0) return
  await mkdir(path('closed'))
  await chmod(path('closed'), 0o500)
  tells(await pull('--out', 'closed/b.ts'), 1, /closed\/b\.ts: you have no permission\.\n$/)
})

const list = (data: unknown) => ({ status: 'success', data })
const about = { name: 'Odd', description: '', outputs: '{}' }

for (const [what, body, code, expected, status, type] of [
  ['no JSON', 'nonsense', 1, /answered 200 without a result: nonsense/],
  ['HTML', '<html><title>Gateway</title></html>', 1, /without a result: Gateway/, 200, 'text/html'],
  ['a login page', '<html>', 5, /Check the key/, 401, 'text/html'],
  ['an error', { status: 'error', errors: ['down'] }, 3, /down/, 500],
  ['no list', list('none'), 1, /without a result/],
  ['an empty list', list([]), 4, /no workflows: there is nothing to write/],
  ['null in the list', list([null]), 1, /id "", which is none/],
  ['inputs that are no JSON', list([{ ...about, id: 'o', inputs: '{"a":' }]), 1, /Workflow "Odd" \(o\)/],
  [
    'one id twice',
    list([
      { ...about, id: 'o' },
      { ...about, id: 'o', name: 'B' },
    ]),
    1,
    /with the id o\b/,
  ],
] as const) {
  test(`a server that sends ${what}: the file is left as it was`, async () => {
    await (await pod({ workflows: [mine] }))('Mine')
    const before = await text()
    const pull = await answering(body, status, type)
    tells(await pull(), code, expected)
    assert.is(await text(), before)
    assert.is((await pull('--check')).code, code)
    await isAlone()
  })
}

test('a server that hangs up, and one that is not there', async () => {
  await (await pod({ workflows: [mine] }))('Mine')
  const before = await text()
  const reset = await broken((request) => request.socket.destroy())
  tells(await reset(), 3, /flowscale: /)
  const { url, close } = await listen(() => {})
  await close()
  tells(await flowscale(['pull'], { cwd, env: envOf(url) }), 3, /flowscale: /)
  assert.is(await text(), before)
  await isAlone()
})

test('Ctrl-C while the server thinks', async () => {
  const asked = new Promise<string>((settle) => {
    listen(() => settle('asked')).then(({ url, close }) => {
      closing.push(close)
      const started = start(['pull'], { cwd, env: envOf(url) })
      ended = started.ended
      interrupt = () => started.child.kill('SIGINT')
    })
  })
  let ended: Promise<Ended> | undefined
  let interrupt = () => false
  await asked
  interrupt()
  assert.is((await ended)?.code, 130)
  assert.equal(await readdir(cwd), [])
})
