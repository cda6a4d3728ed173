// What a person sees: tables that fit, colours, and Ctrl-C.
import { assert } from '#test'
import { listen } from '../support/listen.ts'
import { suiteWithServers } from '../support/suiteWithServers.ts'
import { flowscale, hasTerminals, startInTerminal } from './kit.ts'

const test = suiteWithServers('in a terminal')
const inTerminal = hasTerminals ? test : test.skip

const id = '808f34d0-ef97-4b78-a00f-1268077ea6db'
const list = [
  {
    id: 'bncu0a1kipv',
    name: '灯台を描く'.repeat(4),
    description: '',
    inputs: { prompt: 'string', second_prompt: 'string', a_third_and_last_prompt: 'string' },
    outputs: {},
  },
  {
    id: 'a9bc45rt2kpm',
    name: 'Evil \x1b]0;owned\x07\x1b[2J\u202ename',
    description: '',
    inputs: { x: 'string' },
    outputs: {},
  },
]
const runs = [{ _id: id, status: 'completed', inputs: [], outputs: [], workflow_id: 'w'.repeat(60) }]
let whenAsked: (() => void) | undefined
const server = await listen((request, response) => {
  if (whenAsked) return whenAsked()
  const data = request.url!.includes('workflows') ? list : { group_id: null, count: 1, runs }
  response.end(JSON.stringify({ status: 'success', data }))
})
test.after(() => server.close())
const env = { FLOWSCALE_API_URL: server.url }

inTerminal('a table fits the window: each row is one line, with its id whole', async () => {
  for (const columns of [100, 60, 45]) {
    const { code, screen } = await startInTerminal(['workflows'], { env, columns }).ended
    assert.is(code, 0)
    const lines = screen.split('\n')
    assert.is(lines.length, 3, screen)
    assert.match(lines[1]!, /^bncu0a1kipv {3}灯.*…/)
    const { screen: shown } = await startInTerminal(['runs'], { env, columns }).ended
    assert.ok(shown.includes(id), shown)
  }
})

inTerminal('columns stand under each other, though some characters are wide', async () => {
  const { screen } = await startInTerminal(['workflows'], { env, columns: 200 }).ended
  // A wide character takes two cells, and one in a string.
  const cells = (text: string) => [...text].reduce((sum, one) => sum + (/[ぁ-龯]/.test(one) ? 2 : 1), 0)
  const at = screen
    .split('\n')
    .map((line, row) => cells(line.slice(0, line.indexOf(['inputs', 'prompt=', 'x='][row]!))))
  assert.is(new Set(at).size, 1, screen)
})

inTerminal('what a server says moves nothing and turns nothing', async () => {
  const { raw, screen } = await startInTerminal(['workflows'], { env, columns: 120 }).ended
  assert.match(screen, /Evil \\x1b\]0;owned\\x07\\x1b\[2J\\u202ename/)
  assert.not.match(raw, /\x07|\x1b\]|\x1b\[2J|\u202e/)
})

test('in a pipe the same, and JSON is exact', async () => {
  const text = await flowscale(['workflows'], { env })
  assert.not.match(text.stdout, /\x1b|\x07|\u202e/)
  assert.ok(text.stdout.includes(list[0]!.name))
  const json = await flowscale(['workflows', '--json'], { env })
  assert.is(JSON.parse(json.stdout)[1].name, list[1]!.name)
  assert.not.match(json.stdout, /\x9b|\u202e/)
})

test('an error of the server is one line, and its escapes are shown', async ({ listen }) => {
  const failing = await listen((_request, response) => {
    response.writeHead(409).end(JSON.stringify({ status: 'error', errors: ['no\x1b[2J\nway\x9b31m'] }))
  })
  const { stderr } = await flowscale(['get', 'a', '--url', failing.url])
  assert.match(stderr, /^flowscale: .*no\\x1b\[2J way\\x9b31m\.?\n$/)
})

test('so is a note, whatever a run failed by', async ({ listen }) => {
  const error = 'no\n\x1b[31mflowscale: Done.\x1b[0m\u061c\x9b2J'
  const failing = await listen((request, response) => {
    const _id = /[ab]$/.exec(request.url!)?.[0]
    if (!_id) return void response.writeHead(404).end()
    response.end(
      JSON.stringify({ status: 'success', data: { _id, status: 'failed', error, inputs: [], outputs: [] } }),
    )
  })
  const { stderr } = await flowscale(['wait', 'a', 'b', '--url', failing.url])
  const told = String.raw`failed: no \x1b[31mflowscale: Done.\x1b[0m\u061c\x9b2J`
  assert.equal(stderr.split('\n').slice(0, 2).sort(), [`Run a ${told}`, `Run b ${told}`])
})

for (const [what, set, isColored] of [
  ['colours in a terminal', {}, true],
  ['NO_COLOR', { NO_COLOR: '1' }, false],
  ['FORCE_COLOR=0', { FORCE_COLOR: '0' }, false],
  ['TERM=dumb', { TERM: 'dumb' }, false],
] as const) {
  inTerminal(what, async () => {
    const { raw } = await startInTerminal(['runs'], { env: { ...env, ...set } }).ended
    assert.is(/\x1b\[2m/.test(raw), isColored)
    const failed = await startInTerminal(['nosuch'], { env: set }).ended
    assert.is(/\x1b\[31m/.test(failed.raw), isColored)
  })
}

test('colours in a pipe with FORCE_COLOR only', async () => {
  assert.not.match((await flowscale(['runs'], { env })).stdout, /\x1b/)
  assert.match((await flowscale(['runs'], { env: { ...env, FORCE_COLOR: '1' } })).stdout, /\x1b\[2m/)
})

inTerminal('ASCII only where the terminal has no Unicode', async () => {
  for (const set of [{ LANG: 'C' }, { TERM: 'dumb' }]) {
    const { screen } = await startInTerminal(['runs'], { env: { ...env, ...set }, columns: 60 }).ended
    assert.match(screen, /w\.\.\./)
    assert.not.match(screen, /…/)
  }
})

inTerminal('Ctrl-C ends it with 130', async () => {
  const asked = new Promise<void>((resolve) => {
    whenAsked = resolve
  })
  const run = startInTerminal(['get', 'a'], { env })
  await asked
  run.type('\x03')
  const { code, screen } = await run.ended
  whenAsked = undefined
  assert.is(code, 130)
  assert.match(screen, /flowscale: Interrupted$/)
})

inTerminal('help fits a window of 80 × 24', async () => {
  const { screen } = await startInTerminal(['help', 'run']).ended
  assert.ok(screen.split('\n').length <= 24)
})
