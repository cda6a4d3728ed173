// `flowscale batch` as a process: whole batches, what is resumed, and what is refused.
import { appendFile, mkdir, rm, writeFile } from 'node:fs/promises'
import { createClient, executeWorkflow } from '@flowscale/client'
import { assert, suite } from '#test'
import { CANARY } from '../support/canary.ts'
import { type BatchPod, echoed, startsEarly, withPod } from './batchKit.ts'
import { flowscale, start } from './kit.ts'

const test = suite('batch')
const early = startsEarly(test)

const batch = async (pod: BatchPod, rows: string, ...more: string[]) => {
  const ended = await flowscale(['batch', 'Echo', rows, '-o', 'out', ...more], {
    cwd: pod.folder,
    env: pod.env,
  })
  assert.not.match(ended.stdout + ended.stderr, new RegExp(CANARY), 'the key is not shown')
  return ended
}
const json = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
const started = (pod: BatchPod) => pod.emulator.ledger.runs.length

early('a CSV: a file for each row, a line for each result', () =>
  withPod({}, async (pod) => {
    await pod.write('cat.png', 'meow')
    await pod.write('rows.csv', '\ufeffprompt,seed,image\r\n"a, b",7,\r\n\r\n"two\r\nlines",,@cat.png\r\n')
    const { code, stdout, stderr } = await batch(pod, 'rows.csv')
    assert.is(code, 0, stderr)
    assert.is(stdout, '2 of 2 rows are done: see out/results.jsonl.\n')
    assert.match(stderr, /^row [12] done: out\/000[12]\.txt\nrow [12] done: out\/000[12]\.txt\n$/)
    assert.is(await pod.read('out/0001.txt'), echoed('a, b 7'))
    // The server makes LF of the line breaks of a form.
    assert.is(await pod.read('out/0002.txt'), echoed('two\nlines meow'))
    const results = await pod.lines('out/results.jsonl')
    assert.equal(Object.keys(results[0]), ['row', 'status', 'runId', 'outputs'])
    assert.equal(
      results.map(({ row, outputs }) => [row, outputs[0].path, outputs[0].bytes]),
      [
        [1, '0001.txt', echoed('a, b 7').length],
        [2, '0002.txt', echoed('two\nlines meow').length],
      ],
    )
    assert.equal(await pod.list('out'), ['0001.txt', '0002.txt', 'batch.json', 'results.jsonl', 'runs.jsonl'])
    const state = JSON.parse(await pod.read('out/batch.json'))
    const { version, workflowId, url } = state
    assert.equal([version, workflowId, url, state.rows], [2, 'ech0ech0ech0', pod.url, 2])
    assert.match(state.hashes.join(), /^[\da-f]{64},[\da-f]{64}$/)
    assert.equal(
      pod.emulator.ledger.runs.map(({ groupId }) => groupId).sort(),
      [1, 2].map((row) => `${state.batchId}/${row}-1`),
    )
  }),
)

early('JSONL, in JSON: an event for what happens, and the result last', () =>
  withPod({}, async (pod) => {
    await pod.write('rows.jsonl', '{"prompt":"a"}\n{"prompt":"fail"}\n')
    const { code, stdout, stderr } = await batch(pod, 'rows.jsonl', '--json')
    assert.is(code, 1)
    assert.is(stderr, '')
    const lines = json(stdout)
    assert.equal(
      lines.map(({ event }) => event).sort(),
      ['batch', 'row', 'row', 'submitted', 'submitted', undefined].sort(),
    )
    const { batchId, ...counts } = lines.at(-1)
    assert.is(lines[0].batchId, batchId)
    assert.equal(counts, { rows: 2, done: 1, failed: 1, unfinished: 0, results: 'out/results.jsonl' })
    const failed = lines.find(({ event, row }) => event === 'row' && row === 2)
    assert.is(failed.error.code, 'ERR_FLOWSCALE_RUN')
    assert.is(failed.status, 'failed')
    assert.match(failed.runId, /./)
  }),
)

early('several outputs of a row; rows from stdin; a server that lists no workflows', () =>
  withPod({ dialect: 'openapi' }, async (pod) => {
    const args = ['batch', 'tw0tw0tw0tw0', '-', '-o', 'deep/er/out']
    const options = { cwd: pod.folder, env: pod.env, input: '{"prompt":"a"}' }
    const { code, stderr } = await flowscale(args, options)
    assert.is(code, 0, stderr)
    const [result] = await pod.lines('deep/er/out/results.jsonl')
    const paths = result.outputs.map(({ path }: { path: string }) => path)
    assert.is(new Set(paths).size, 2)
    const contents = await Promise.all(paths.map((path: string) => pod.read(`deep/er/out/${path}`)))
    assert.equal(contents.sort(), ['first a', 'second a'])
    for (const path of paths) assert.match(path, /^0001-[\w-]+\.txt$/)
    assert.is((await flowscale(args, options)).code, 0, 'the same text goes on')
    assert.is(started(pod), 1)
    const other = await flowscale(args, { ...options, input: '{"prompt":"b"}' })
    assert.is(other.code, 2)
    assert.match(other.stderr, /row 1 has changed/)
  }),
)

early('a batch that is done submits nothing and waits for nothing', () =>
  withPod({}, async (pod) => {
    await pod.write('rows.csv', 'prompt\na\n')
    await batch(pod, 'rows.csv')
    pod.asked.length = 0
    const { code, stdout } = await batch(pod, 'rows.csv')
    assert.is(code, 0)
    assert.is(stdout, '1 of 1 rows are done: see out/results.jsonl.\n')
    assert.equal(pod.asked, ['GET /api/v1/comfy/workflows', 'GET /api/v1/comfy/health'])
  }),
)

early('what has changed is refused, and nothing is submitted', () =>
  withPod({}, async (pod) => {
    await pod.write('cat.png', 'meow')
    const rows = 'prompt,image\na,\nb,@cat.png\n'
    await pod.write('rows.csv', rows)
    assert.is((await batch(pod, 'rows.csv')).code, 0)
    const refused = async (what: RegExp, args = ['batch', 'Echo', 'rows.csv', '-o', 'out'], env = {}) => {
      const ended = await flowscale(args, { cwd: pod.folder, env: { ...pod.env, ...env } })
      assert.is(ended.code, 2, ended.stderr)
      assert.match(ended.stderr, what)
      assert.match(ended.stderr, /another -o DIR/)
      assert.is(started(pod), 2)
    }
    await pod.write('rows.csv', rows.replace('a,', 'c,'))
    await refused(/out\/batch\.json is of another batch: row 1 has changed/)
    await pod.write('rows.csv', 'prompt,image\nc,\nd,@cat.png\n')
    await refused(/row 1 and 1 more have changed/)
    await pod.write('rows.csv', `${rows}c,\n`)
    await refused(/it has 2 rows, and the file now has 3/)
    await pod.write('rows.csv', rows)
    await pod.write('cat.png', 'purr')
    await refused(/row 2 has changed/)
    await pod.write('cat.png', 'meow')
    await pod.write('two.csv', 'prompt\na\nb\n')
    await refused(/its workflow is ech0ech0ech0/, ['batch', 'Two', 'two.csv', '-o', 'out'])
    // The same server by another name is another address.
    const url = pod.url.replace('127.0.0.1', 'localhost')
    await refused(/its server is http:\/\/127/, undefined, { FLOWSCALE_API_URL: url })
    assert.is((await batch(pod, 'rows.csv')).code, 0, 'the unchanged one is not refused')

    const asked = pod.asked.length
    await writeFile(pod.path('out/batch.json'), '{"version":2}')
    await refused(/not the state of a batch that this version can read/)
    await writeFile(pod.path('out/batch.json'), '{"version":3}')
    await refused(/out\/batch\.json is of a newer version of this command: update it/)
    assert.is(pod.asked.length, asked, 'a folder that can’t be read costs no request')
    await rm(pod.path('out/batch.json'))
    await refused(/has runs of a batch, but no batch\.json/)
  }),
)

early('half a line at the end is dropped: that row is found, and paid for once', () =>
  withPod({}, async (pod) => {
    await pod.write('rows.csv', 'prompt\na\nb\n')
    await batch(pod, 'rows.csv')
    for (const name of ['runs.jsonl', 'results.jsonl']) {
      const text = await pod.read(`out/${name}`)
      await writeFile(pod.path(`out/${name}`), text.slice(0, -20))
    }
    const { code, stderr } = await batch(pod, 'rows.csv')
    assert.is(code, 0, stderr)
    assert.is(started(pod), 2)
    assert.is((await pod.lines('out/results.jsonl')).length, 2)
    assert.is((await pod.lines('out/runs.jsonl')).length, 2)
    await appendFile(pod.path('out/runs.jsonl'), '{"row":1\n')
    const damaged = await batch(pod, 'rows.csv')
    assert.is(damaged.code, 1)
    assert.match(damaged.stderr, /Line 3 of out\/runs\.jsonl is damaged/)
    assert.is(started(pod), 2)
  }),
)

early('a file that is gone or cut is fetched again, and not paid for again', () =>
  withPod({}, async (pod) => {
    await pod.write('rows.csv', 'prompt\na\nb\nc\n')
    await batch(pod, 'rows.csv')
    await rm(pod.path('out/0001.txt'))
    await writeFile(pod.path('out/0002.txt'), 'half')
    assert.is((await batch(pod, 'rows.csv')).code, 0)
    assert.is(await pod.read('out/0001.txt'), echoed('a'))
    assert.is(await pod.read('out/0002.txt'), echoed('b'))
    assert.is(started(pod), 3)
  }),
)

// Of earlier versions of the command: their folders keep the names of the groups, in which runs of a killed process are found.
const batchId = 'batch-e528b227b8908541'
const hashes = [
  '82f85b5c99c75ed2826b6a13dd31323d8841a81869fd31f0c95c0e83dc3ebbab',
  'ea799f0944ad8de95e4bd7874e6601e5dfdfe79f880325cb353223aedcc4db0f',
]
const folders: [version: number, prefix: string][] = [
  [1, `${batchId}-`],
  [2, `${batchId}/`],
]

for (const [version, prefix] of folders) {
  early(`a folder of version ${version}: failed rows are paid for again where that is asked for only`, () => {
    let isBroken = true
    const flaky = {
      id: 'f1akyf1akyf1',
      name: 'Flaky',
      description: 'Fails at first',
      inputs: { prompt: 'string' as const },
      outputs: { text: 'file' as const },
      run() {
        if (isBroken) throw new Error('out of memory')
        return { text: { data: new TextEncoder().encode('fine'), type: 'text/plain' } }
      },
    }
    return withPod({ workflows: [flaky] }, async (pod) => {
      const { url, emulator } = pod
      await pod.write('rows.csv', 'prompt\na\nb\n')
      await mkdir(pod.path('out'))
      const state = { version, batchId, workflowId: flaky.id, url, rows: 2, hashes }
      await pod.write('out/batch.json', JSON.stringify(state))
      // The process was killed before it noted this run.
      const client = createClient({ baseUrl: url, apiKey: CANARY })
      await executeWorkflow(client, flaky.id, { prompt: 'a' }, { groupId: `${prefix}1-1` })
      const run = (...more: string[]) =>
        flowscale(['batch', 'Flaky', 'rows.csv', '-o', 'out', ...more], { cwd: pod.folder, env: pod.env })
      const groups = () => emulator.ledger.runs.map(({ groupId }) => groupId).sort()
      const attempts = (...names: string[]) => names.map((name) => prefix + name)
      const first = await run()
      assert.is(first.code, 1)
      assert.match(first.stdout, /0 of 2 rows are done, 2 failed.*With --retry-failed/)
      assert.match(first.stderr, /row 1 failed: .*out of memory/)
      assert.is((await run()).code, 1)
      assert.equal(groups(), attempts('1-1', '2-1'))
      isBroken = false
      const again = await run('--retry-failed')
      assert.is(again.code, 0, again.stderr)
      assert.equal(groups(), attempts('1-1', '1-2', '2-1', '2-2'))
      assert.is((await run('--retry-failed')).code, 0)
      assert.is(started(pod), 4)
      assert.is(JSON.parse(await pod.read('out/batch.json')).version, version)
    })
  })
}

early('two at one folder: the second is refused, and a lock of a killed one is not in the way', () =>
  withPod({ speed: 0.25, hidesKeys: true }, async (pod) => {
    await pod.write('rows.csv', 'prompt\na\n')
    const args = ['batch', 'Echo', 'rows.csv', '-o', 'out']
    const first = start(args, { cwd: pod.folder, env: pod.env })
    while (!pod.asked.some((what) => what.includes('group_id'))) await new Promise((ok) => setTimeout(ok, 20))
    const second = await batch(pod, 'rows.csv')
    assert.is(second.code, 2)
    assert.match(second.stderr, new RegExp(`out is in use by process ${first.child.pid} on `))
    first.child.kill('SIGKILL')
    await first.ended
    const lock = JSON.parse(await pod.read('out/batch.lock'))
    // Both find the lock of a dead process: one of them has it then.
    const codes = (await Promise.all([batch(pod, 'rows.csv'), batch(pod, 'rows.csv')])).map(
      ({ code }) => code,
    )
    assert.ok(codes.includes(0) && codes.includes(2), codes.join())
    assert.is(started(pod), 1)
    // A pid that another process got since.
    await writeFile(pod.path('out/batch.lock'), JSON.stringify({ ...lock, began: '1', pid: process.pid }))
    if (process.platform === 'linux') assert.is((await batch(pod, 'rows.csv')).code, 0)
  }),
)

early('wrong calls and wrong rows cost no run', () =>
  withPod({}, async (pod) => {
    await pod.write('rows.csv', 'prompt,seed\na,1\n')
    await pod.write('wrong.csv', 'prompt,seed\na,x\nb,y\n')
    await pod.write('file', '')
    await mkdir(pod.path('folder'))
    const cases: [args: string[], code: number, message: RegExp][] = [
      [['Echo', 'rows.csv'], 2, /-o, --output <dir>' not specified/],
      [['Echo', 'rows.csv', '-o', ''], 2, /output|-o DIR/],
      [['Echo', 'rows.csv', '-o', 'out', '--concurrency', '0'], 2, /--concurrency .*a whole number/],
      [['Echo', 'rows.csv', '-o', 'out', '--concurrency', 'x'], 2, /--concurrency .*a whole number/],
      [['Echo', 'rows.csv', '-o', 'out', '--timeout', '0'], 2, /--timeout .*a number of seconds/],
      [['Echo', 'rows.csv', '-o', 'out', '--timeout', '1e9'], 2, /--timeout .*a number of seconds/],
      [['Echo', '-o', 'out'], 2, /rows/],
      [['Echo', 'none.csv', '-o', 'out'], 2, /none\.csv: there is no such file/],
      [['Echo', 'folder', '-o', 'out'], 2, /this is a folder/],
      [['Ecko', 'rows.csv', '-o', 'out'], 4, /Did you mean "Echo"\?/],
      [['Echo', 'rows.csv', '-o', 'file'], 2, /file/],
      [['Echo', 'wrong.csv', '-o', 'out'], 2, /row 1 \(line 2\), seed: must be a number[\s\S]*2 errors/],
    ]
    for (const [args, wanted, message] of cases) {
      const { code, stdout, stderr } = await flowscale(['batch', ...args], { cwd: pod.folder, env: pod.env })
      assert.is(code, wanted, `${args}: ${stderr}`)
      assert.match(stderr, message)
      assert.is(stdout, '')
      assert.not.match(stderr, /\n {4}at /)
    }
    const { stdout } = await batch(pod, 'wrong.csv', '--json')
    const { error } = json(stdout).at(-1)
    assert.is(error.code, 'usage')
    for (const { input, message } of error.problems)
      assert.match(`${input}: ${message}`, /^seed: row \d \(line \d\): /)
    assert.is(error.problems.length, 2)
    assert.is(started(pod), 0)
    assert.equal((await pod.list('.')).includes('out'), false, 'no folder is made for what is wrong')
  }),
)
