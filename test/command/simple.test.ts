// The verbs that ask once: for people and for programs, and how each failure ends.
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { assert } from '#test'
import { startComfy } from '../comfyui/server/startComfy.ts'
import { cancel, occupy, pod, reached } from '../examples/kit.ts'
import { assertNoCanary, CANARY } from '../support/canary.ts'
import { suiteWithServers } from '../support/suiteWithServers.ts'
import { flowscale } from './kit.ts'

const test = suiteWithServers('simple verbs')

const busy = await pod({ apiKey: CANARY, containers: 1 })
test.after(() => busy.close())
const submit = async (workflowId: string, groupId: string): Promise<string> => {
  const { emulator } = busy
  const body = new FormData()
  if (workflowId === 'bncu0a1kipv') body.set('text_51536', 'a lighthouse')
  const response = await emulator.fetch(
    `${emulator.url}/api/v1/runs?workflow_id=${workflowId}&group_id=${groupId}`,
    { method: 'POST', headers: { 'x-api-key': CANARY }, body },
  )
  return (await response.json()).data.run_id
}

/** The text, which says nothing on stderr but what `note` is, and the JSON, which says nothing there at all. */
async function both(args: string[], env = busy.env, note = /^$/) {
  const text = await flowscale(args, { env })
  const json = await flowscale([...args, '--json'], { env })
  for (const { stdout, stderr } of [text, json]) assertNoCanary(stdout + stderr, 'the output')
  assert.is(text.code, json.code)
  assert.match(text.stderr, note)
  assert.is(json.stderr, '')
  const values = json.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  return { code: text.code, text: text.stdout, value: values.at(-1), values }
}

test('health, and the reason for which a server gets no runs', async ({ listen }) => {
  const { code, text, value } = await both(['health'])
  assert.is(code, 0)
  assert.is(text, 'container     status\ncontainer #1  idle\n')
  assert.equal(value, [{ container: 'container #1', status: 'idle' }])
  let data: object[] = []
  const server = await listen((_request, response) =>
    response.end(JSON.stringify({ status: 'success', data })),
  )
  const env = { ...busy.env, FLOWSCALE_API_URL: server.url }
  const none = await both(['health'], env, /^The server has no ComfyUI .+\n$/)
  assert.equal([none.code, none.text, none.value], [0, '', []])
  data = [{ container: 'gpu-1', status: 'stopped', reason: 'paused', queue: {} }]
  assert.is((await both(['health'], env)).text, 'container  status\ngpu-1      stopped, paused\n')
  assert.is((await both(['queue'], env)).text, 'container  state\ngpu-1      paused\n')
})

test('workflows: a table, which is whole where no window cuts it', async () => {
  const { text, value } = await both(['workflows'])
  assert.match(
    text,
    /^bncu0a1kipv +Text to Image +text_51536=string seed\?=number image_1234\?=image video_1239\?=video$/m,
  )
  assert.equal(value[2], {
    id: 'd1ptych7two2',
    name: 'Diptych',
    description: 'Two images from one prompt, or from one prompt each',
    inputs: {
      prompt: { kind: 'string', required: true, array: true },
      seed: { kind: 'number', required: false, integer: true },
    },
    outputs: { left_image: 'image', right_image: 'image' },
  })
})

test('workflows ID or NAME: one in detail, with a line to copy', async () => {
  const { text, value } = await both(['workflows', 'Text to Image'])
  assert.is(
    text,
    `Text to Image (bncu0a1kipv)
Generate an image from text input

input       kind    values
text_51536  string
seed        number  optional; whole
image_1234  image   optional
video_1239  video   optional

output        kind
image_output  image

flowscale run bncu0a1kipv text_51536="TEXT"
`,
  )
  assert.equal((await both(['workflows', 'bncu0a1kipv'])).value, value)
  // All of its inputs are optional.
  const { text: other } = await both(['workflows', 'Always Fails'])
  assert.match(other, /\nflowscale run fa1lsa1ways0 message="TEXT"\n$/)
  const { code, stderr } = await flowscale(['workflows', 'Text to Imag'], { env: busy.env })
  assert.is(code, 4)
  assert.match(stderr, /^flowscale: There is no workflow "Text to Imag"\. Did you mean "Text to Image"\?/)
})

test('workflows of a server that knows more than kinds', async ({ listen }) => {
  const data = [
    {
      id: "it's",
      name: 'Own\x1b[2J',
      description: '',
      inputs: {
        prompt: 'string',
        style: 'string',
        steps: 'number',
        mask: 'image',
        at: 'string',
        face: 'image',
      },
      outputs: { image: 'image' },
      input_details: {
        prompt: { description: 'What to paint' },
        style: { options: ['in oil', 'ink'] },
        steps: { required: false, default: 20, min: 1, max: 50, integer: true },
        mask: { required: false, array: true },
        at: { options: ['@home'] },
        face: { options: ['a.png'] },
      },
    },
  ]
  const server = await listen((_request, response) => {
    response.end(JSON.stringify({ status: 'success', data }))
  })
  const env = { ...busy.env, FLOWSCALE_API_URL: server.url }
  const { text, value } = await both(['workflows', "it's"], env)
  assert.is(
    text,
    `Own\\x1b[2J (it's)

input   kind    values
prompt  string                              What to paint
style   string  one of in oil, ink
steps   number  default 20; 1 to 50; whole
mask    image   optional; may be repeated
at      string  one of @home
face    image   one of a.png

output  kind
image   image

flowscale run 'it'\\''s' prompt="TEXT" 'style=in oil' at=@@home face=@FILE
`,
  )
  assert.is(value.name, 'Own\x1b[2J')
  assert.equal(value.inputs.steps, {
    kind: 'number',
    required: false,
    default: 20,
    min: 1,
    max: 50,
    integer: true,
  })
})

test('get: a run that waits, and one that is done', async () => {
  const free = await occupy(busy.emulator)
  const id = await submit('bncu0a1kipv', 'ada')
  const waiting = await both(['get', id])
  assert.match(waiting.text, new RegExp(`^run +${id}\\nstatus +queued, 1 before it\\n`))
  assert.equal([waiting.value._id, waiting.value.status], [id, 'queued'])
  await free()
  await reached(busy.emulator, 'completed', id)
  const note = new RegExp(`^To save the outputs: flowscale download ${id} -o DIR\\n$`)
  const done = await both(['get', id], busy.env, note)
  assert.match(done.text, /^status +completed\n/m)
  assert.match(done.text, /^output +\S+\.png$/m)
  assert.not.match(done.text, /https?:/)
  assert.match(done.value.outputs[0].url ?? '', /^http|^$/)
})

test('get: why a run waits', async ({ listen }) => {
  const data = {
    _id: 'a',
    status: 'queued',
    position: 0,
    waits_for: 'gpu-3 does\x1b[2J not answer',
    outputs: [],
  }
  const server = await listen((_request, response) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ status: 'success', data }))
  })
  const { text } = await both(['get', 'a'], { ...busy.env, FLOWSCALE_API_URL: server.url })
  assert.match(text, /^status +queued, next\nwaits for +gpu-3 does[^\x1b]* not answer$/m)
})

test('get: why a run failed', async () => {
  const id = await submit('fa1lsa1ways0', 'ada')
  await reached(busy.emulator, 'failed', id)
  const { code, text } = await both(['get', id])
  assert.is(code, 0)
  assert.match(text, /^status +failed/m)
  assert.match(text, /^error +\S/m)
})

test('runs: the latest first, of a group, no more than asked for', async () => {
  const ids: string[] = []
  for (const _ of [1, 2, 3]) ids.unshift(await submit('bncu0a1kipv', 'grace'))
  const all = await both(['runs', '--group', 'grace'])
  assert.equal(
    all.value.map(({ _id }: { _id: string }) => _id),
    ids,
  )
  assert.equal(
    all.text
      .trim()
      .split('\n')
      .map((line) => line.split(/\s/)[0]),
    ['run', ...ids],
  )
  const { value } = await both(['runs', '--group', 'grace', '--limit', '2'])
  assert.equal(
    value.map(({ _id }: { _id: string }) => _id),
    ids.slice(0, 2),
  )
  const none = await both(
    ['runs', '--group', 'nobody'],
    busy.env,
    /^There is no run in the group "nobody"\.\n$/,
  )
  assert.equal([none.code, none.text, none.value], [0, '', []])
})

test('runs: workflow, first text and age, from the inputs in the list', async ({ listen }) => {
  const at = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString()
  const input = (path: string, value: unknown) => ({ path, value })
  const rows: [text: string, age: string, created: string | null, ...inputs: object[]][] = [
    [
      'a\\x1b[2J fox',
      '5 min',
      at(5.1),
      input('image', 'a.png'),
      input('negative_prompt', 'x'),
      input('prompt', 'a\x1b[2J\nfox'),
    ],
    ['dawn / dusk', '3 h', at(3.9 * 60).replace('Z', ''), input('seed', 7), input('words', ['dawn', 'dusk'])],
    ['', '2 d', at(2.9 * 24 * 60), input('seed', 7)],
    ['a.png', '0 s', at(-9), input('image', 'a.png')],
    ['x', '', null, input('text_1', 'x')],
  ]
  const runs = rows.map(([, , created_at, ...inputs], index) => {
    return { _id: `r-${index}`, status: 'completed', workflow_id: 'w', group_id: 'g', created_at, inputs }
  })
  const server = await listen((_request, response) => {
    response.end(JSON.stringify({ status: 'success', data: { group_id: null, count: 5, runs } }))
  })
  const { text, value } = await both(['runs'], { ...busy.env, FLOWSCALE_API_URL: server.url })
  assert.equal(
    text
      .trim()
      .split('\n')
      .map((line) => line.split(/ {2,}/)),
    [
      ['run', 'status', 'workflow', 'text', 'age'],
      ...rows.map(([text, age], index) => [`r-${index}`, 'completed', 'w', text, age].filter(Boolean)),
    ],
  )
  assert.equal([value[0].group_id, value[0].created_at], ['g', runs[0]!.created_at])
})

test('queue: what each container works on, and what waits', async () => {
  const free = await occupy(busy.emulator)
  const id = await submit('bncu0a1kipv', 'ada')
  const { text, value } = await both(['queue'])
  assert.match(text, /^container #1 +running +\S+$/m)
  assert.match(text, new RegExp(`^container #1 +waiting, 1\\. +${id}$`, 'm'))
  assert.is(value[0].queue.queue_pending[0][1], id)
  await free()
  await reached(busy.emulator, 'completed', id)
  assert.match((await both(['queue'])).text, /^container #1 +free$/m)
})

test('queue of a gateway that has no ComfyUI', async ({ listen }) => {
  let pending: unknown[] = []
  const server = await listen((_request, response) => {
    const queue = { queue_running: [], queue_pending: pending, queue_remaining: pending.length }
    response.end(JSON.stringify({ status: 'success', data: [{ container: 'queue', queue }] }))
  })
  const env = { ...busy.env, FLOWSCALE_API_URL: server.url }
  const note = /^The server has no ComfyUI .+\n$/
  const free = await both(['queue'], env, note)
  assert.equal([free.code, free.text, free.value.length], [0, '', 1])
  pending = [[3, 'r1']]
  const { text } = await both(['queue'], env, note)
  assert.is(text, 'container  state        run\nqueue      waiting, 1.  r1\n')
})

test('cancel: one', async () => {
  const free = await occupy(busy.emulator)
  const id = await submit('bncu0a1kipv', 'ada')
  const { code, stdout } = await flowscale(['cancel', id, '--json'], { env: busy.env })
  assert.equal([code, JSON.parse(stdout)], [0, { runId: id, message: JSON.parse(stdout).message }])
  assert.is(busy.emulator.stateOf(id)?.status, 'cancelled')
  await free()
})

test('cancel: each of several, and one that fails stops no other', async () => {
  const free = await occupy(busy.emulator)
  const ids = [await submit('bncu0a1kipv', 'ada'), await submit('bncu0a1kipv', 'ada')]
  const args = ['cancel', ids[0]!, 'unknown-run', ids[1]!, ids[0]!]
  const text = await flowscale(args, { env: busy.env })
  for (const id of ids) assert.is(busy.emulator.stateOf(id)?.status, 'cancelled')
  assert.is(text.code, 4)
  assert.match(text.stdout, new RegExp(`^${ids[0]}: .+\\n${ids[1]}: .+\\n$`))
  assert.match(text.stderr, /^unknown-run: .*404.*\nflowscale: 1 of 3 runs were not cancelled\.\n$/)
  const json = await flowscale([...args, '--json'], { env: busy.env })
  const values = json.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.equal(
    values.map(({ event, runId, error }) => [event ?? 'end', runId ?? error.code]),
    [
      ['cancelled', ids[0]],
      ['failed', 'unknown-run'],
      ['cancelled', ids[1]],
      ['end', 'not_found'],
    ],
  )
  assert.equal(values.at(-1).error.failed[0].error.status, 404)
  await free()
})

test('cancel: the beginning of an id, if it fits one run', async ({ listen }) => {
  const ids = ['80aa0000', '80aabbbb', '5c1e0000'].map((start) => `${start}-0000-4000-8000-000000000000`)
  let requests: string[] = []
  const server = await listen(({ method, url = '' }, response) => {
    requests.push(`${method} ${url}`)
    const [, id] = /runs\/([^/?]+)/.exec(url) ?? []
    response.statusCode = id && !ids.includes(id) ? 404 : 200
    const data = id
      ? 'Run cancelled'
      : { runs: ids.map((_id) => ({ _id, status: 'queued', inputs: [], outputs: [] })) }
    response.end(JSON.stringify({ status: 'success', data }))
  })
  const list = 'GET /api/v1/runs?page_size=100'
  const cancels = (id: string) => `POST /api/v1/runs/${id}/cancel`
  const cases: [words: string[], code: number, requests: string[]][] = [
    [[ids[2]!], 0, [cancels(ids[2]!)]],
    [['5c1e', ids[2]!], 0, [list, cancels(ids[2]!)]],
    [['80aa0', '5c1e0000-'], 0, [list, cancels(ids[0]!), cancels(ids[2]!)]],
    [['5c1e', '80aa'], 2, [list]],
    [['9999'], 4, [list, cancels('9999')]],
    [['5c1'], 4, [cancels('5c1')]],
  ]
  for (const [words, code, expected] of cases) {
    requests = []
    const ended = await flowscale(['cancel', ...words, '--url', server.url])
    assert.equal([ended.code, requests], [code, expected])
    if (code === 2)
      assert.is(ended.stderr, `flowscale: Several runs begin with "80aa": ${ids[0]}, ${ids[1]}.\n`)
  }
})

test('the dialects', async ({ atEnd }) => {
  const openapi = await pod({ apiKey: CANARY, dialect: 'openapi' })
  atEnd(openapi.close)
  const python = await pod({ apiKey: CANARY, dialect: 'python' })
  atEnd(python.close)
  assert.match((await both(['workflows', 'Diptych'], python.env)).text, /^right_image +\S+$/m)
  assert.is((await both(['health'], openapi.env)).code, 0)
  assert.is((await both(['queue'], openapi.env)).code, 0)
  const { code, value } = await both(['runs'], openapi.env, /group_id/)
  assert.equal([code, value.error.status], [2, 422])
  assert.is((await both(['workflows'], openapi.env, /404/)).code, 4)
})

/** What a server answers to `get`, and how it ends. */
const failures: [what: string, status: number, code: number, name: string][] = [
  ['unknown', 404, 4, 'ERR_FLOWSCALE_HTTP'],
  ['no key', 401, 5, 'ERR_FLOWSCALE_HTTP'],
  ['no right', 403, 5, 'ERR_FLOWSCALE_HTTP'],
  ['refused', 422, 2, 'ERR_FLOWSCALE_VALIDATION'],
  ['conflict', 409, 1, 'ERR_FLOWSCALE_HTTP'],
  ['redirect', 302, 1, 'ERR_FLOWSCALE_REDIRECT'],
  ['no JSON', 200, 1, 'ERR_FLOWSCALE_RESPONSE'],
]

for (const [what, status, code, name] of failures) {
  test(`${what}: ${status} ends with ${code}`, async ({ listen }) => {
    const server = await listen((_request, response) => {
      response.writeHead(status, { location: 'https://elsewhere.example/' }).end('<h1>\x1b[2J</h1>')
    })
    const env = { FLOWSCALE_API_URL: server.url, FLOWSCALE_API_KEY: CANARY }
    const text = await flowscale(['get', 'a'], { env })
    assert.equal([text.code, text.stdout], [code, ''])
    if (status === 302) assert.match(text.stderr, 'correct --url or FLOWSCALE_API_URL')
    assert.match(text.stderr, /^flowscale: [^\n\x1b]+\n$/)
    const json = await flowscale(['get', 'a', '--json'], { env })
    const { error } = JSON.parse(json.stdout)
    assert.equal([json.code, json.stderr, error.code], [code, '', name])
    for (const out of [text, json]) assertNoCanary(out.stdout + out.stderr)
  })
}

for (const [what, answer] of [
  ['429', 429],
  ['503', 503],
] as const) {
  test(`${what} that stays ends with 3`, async ({ listen }) => {
    const server = await listen((_request, response) => {
      response.writeHead(answer, { 'retry-after': '0' }).end()
    })
    const { code, stderr } = await flowscale(['get', 'a', '--url', server.url])
    assert.is(code, 3, stderr)
  })
}

test('no server ends with 3, and says what to look at', async ({ listen }) => {
  const server = await listen(() => {})
  await server.close()
  const { code, stderr } = await flowscale(['health', '--url', server.url, '--api-key', CANARY])
  assert.is(code, 3)
  assert.match(stderr, /ECONNREFUSED.*\. Check the address, and that the server runs\.\n$/)
  assertNoCanary(stderr)
})

test('an id that no run has: the way to the ids', async () => {
  for (const args of [
    ['get', 'abc'],
    ['wait', 'abc'],
    ['cancel', 'abc'],
    ['download', 'abc'],
    ['wait', 'abcd'],
  ]) {
    const { code, stderr } = await flowscale(args, { env: busy.env })
    assert.is(code, 4)
    assert.match(stderr, /"flowscale runs" lists (the )?runs\.\n$/)
  }
})

test('a run that is cancelled twice', async () => {
  const id = await submit('nev3rend5run', 'ada')
  await cancel(busy.emulator, id)
  assert.is((await both(['cancel', id])).code, 0)
})

test('an address of ComfyUI itself: the way to the gateway', async ({ listen, atEnd }) => {
  const comfy = await startComfy({ version: '0.8.0' })
  atEnd(() => comfy.stop())
  const env = { FLOWSCALE_API_URL: comfy.url, FLOWSCALE_API_KEY: CANARY }
  const advice = `flowscale: ${comfy.url} is ComfyUI itself. Start the gateway in front of ComfyUI, and use the gateway's address: npx @flowscale/gateway --comfyui ${comfy.url} --workflows DIR\n`
  const cwd = await mkdtemp(join(tmpdir(), 'flowscale-comfy-'))
  atEnd(() => rm(cwd, { recursive: true }))
  await writeFile(join(cwd, 'rows.csv'), 'prompt\na\n')
  const id = '808f34d0-ef97-4b78-a00f-1268077ea6db'
  const calls =
    `workflows|workflows flow|health|queue|runs|get ${id}|get 808f34d0|get ${id} --web|wait ${id}|cancel ${id}
run flow prompt=a|run flow prompt=a --detach|batch flow rows.csv -o out|download ${id}|pull`.split(/[|\n]/)
  for (const words of calls) {
    const { code, stderr } = await flowscale(words.split(' '), { env, cwd })
    assert.equal([code, stderr], [4, advice], words)
  }
  assert.equal(await readdir(cwd), ['rows.csv'])
  // A server that has other words for a path that it does not have.
  const server = await listen((_, response) => response.writeHead(404).end('Not Found'))
  const { stderr } = await flowscale(['workflows', '--url', server.url])
  assert.match(stderr, / answered 404: Not Found\. Check the address\.\n$/)
})
