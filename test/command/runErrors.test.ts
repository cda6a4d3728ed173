// What can go wrong with `flowscale run`: before it costs anything, at the submission, in the wait, and while it saves.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FaultKind, FaultOptions } from '@flowscale/emulator'
import { assert } from '#test'
import { flowscale, hasTerminals, start, startInTerminal } from './kit.ts'
import { filesIn, linesOf, onlyRun, suiteWithPod } from './runKit.ts'

const test = suiteWithPod('command run, errors')
const writer = ['t3xtwr1ter00', 'prompt=a fox', 'words=12']

const broken: readonly (readonly [args: string[], pattern: RegExp])[] = [
  [['t3xtwr1ter00', 'prompt=a', 'words=0x1f'], /words must be a number/],
  [['t3xtwr1ter00', 'prompt=a', 'words='], /words must be a number/],
  [['t3xtwr1ter00', 'prompt=a', 'words=NaN'], /words must be a number/],
  [['t3xtwr1ter00', 'prompt=a', 'wrds=5'], /Did you mean "words"\?/],
  [['t3xtwr1ter00', 'prompt=@nope.txt'], /@nope\.txt: there is no such file/],
  [['t3xtwr1ter00', 'prompt=@latin.txt'], /not UTF-8/],
  [['t3xtwr1ter00', 'prompt'], /"prompt": an input is name=value/],
  [['t3xtwr1ter00', '=a'], /an input is name=value/],
  [['t3xtwr1ter00', 'prompt=-', 'words=5', '--inputs', '-'], /stdin can be read once/],
  [['t3xtwr1ter00', '--inputs', 'none.json'], /none\.json: there is no such file/],
  [['t3xtwr1ter00', '--inputs', 'broken.json'], /broken\.json is not valid JSON, line 2, column 13: /],
  [['t3xtwr1ter00', '--inputs', 'list.json'], /must hold an object/],
  [['v1deoinf0000', 'video=clip.mp4'], /write video=@clip\.mp4/],
  [['v1deoinf0000', 'video=@clip.mp4'], /clip\.mp4.* does not exist|no such file/],
  [['v1deoinf0000', 'video=@.'], /folder/],
  [['v1deoinf0000', 'video=-'], /stdin was empty/],
  [['nev3rend5run', 'seed=1'], /this workflow takes none/],
  [[...writer, '-o', 'a-file'], /a-file: this is a file, not a folder/],
  [[...writer, '-o', 'a-file/deep'], /a part of this path is no folder/],
  [[...writer, '-o', ''], /-o/],
  [[...writer, '--timeout', 'soon'], /--timeout .*a number of seconds/],
  [[...writer, '--timeout', '0'], /--timeout .*a number of seconds/],
  [[...writer, '--detach', '-o', 'out'], /--detach' cannot be used/],
  [[...writer, '--group', ''], /--group/],
  [[...writer, '--out', 'x'], /--out/],
  [
    [...writer, '--webhook', 'app.test/hook'],
    /^flowscale: --webhook must be an absolute http\(s\) URL without a login\.\n$/,
  ],
  [[...writer, '--webhook', 'https://app.test/hook'], /webhook_url must lead to this machine/],
]

test(`${broken.length} broken calls: exit 2, one message, nothing submitted`, async ({ pod, cwd, env }) => {
  writeFileSync(join(cwd, 'a-file'), '')
  writeFileSync(join(cwd, 'latin.txt'), Buffer.from([0xe4]))
  writeFileSync(join(cwd, 'broken.json'), '{\n  "prompt": a\n}')
  writeFileSync(join(cwd, 'list.json'), '[]')
  for (const [args, pattern] of broken) {
    const { code, stdout, stderr } = await flowscale(['run', ...args], { cwd, env })
    assert.is(code, 2, `${args}: ${stderr}`)
    assert.is(stdout, '')
    assert.match(stderr, pattern)
    assert.match(stderr, /^flowscale: [^\n]+\n$/)
  }
  assert.is(pod.emulator.stats.runsStarted, 0)
})

test('all that is wrong is told at once', async ({ pod, cwd, env }) => {
  const args = ['run', 't3xtwr1ter00', 'prmpt=a', 'words=b']
  const { code, stderr } = await flowscale(args, { cwd, env })
  assert.is(code, 2)
  assert.match(
    stderr,
    /^ {2}prmpt is no input.*\n {2}words must be.*\n {2}prompt is missing\nflowscale: 3 inputs are wrong\.\n$/,
  )
  const [{ error }] = linesOf(await flowscale([...args, '--json'], { cwd, env }))
  assert.equal(
    error.problems.map(({ input }: { input: string }) => input),
    ['prmpt', 'words', 'prompt'],
  )
  assert.equal([error.code, pod.emulator.stats.runsStarted], ['usage', 0])
})

if (process.getuid?.() !== 0) {
  test('a folder that can not be written is found before the run is paid for', async ({ pod, cwd, env }) => {
    mkdirSync(join(cwd, 'closed'))
    chmodSync(join(cwd, 'closed'), 0o500)
    const { code, stderr } = await flowscale(['run', ...writer, '-o', 'closed'], { cwd, env })
    assert.is(code, 2)
    assert.match(stderr, /you have no permission/)
    assert.is(pod.emulator.stats.runsStarted, 0)
  })
}

/** Each request of an operation meets a fault. */
const always = (operation: string, kind: FaultKind): FaultOptions => ({
  plan: (request) => (request.operation === operation ? kind : undefined),
})

test('1: a run that failed, with its reason and its id', async ({ pod, cwd, env }) => {
  const args = ['run', 'fa1lsa1ways0', 'message=no paint left']
  const { code, stdout, stderr } = await flowscale(args, { cwd, env })
  const runId = onlyRun(pod)
  assert.equal([code, stdout], [1, ''])
  assert.is(stderr, `Run ${runId} submitted\nflowscale: Run ${runId} failed: no paint left\n`)
  const { error } = linesOf(await flowscale([...args, '--json'], { cwd, env })).at(-1)
  assert.equal([error.code, error.errors], ['ERR_FLOWSCALE_RUN', ['no paint left']])
  assert.is(error.runId, pod.emulator.ledger.runs[1]!.runId)
})

test('3: nothing was submitted', async ({ open }) => {
  const { pod, cwd, env } = await open({ faults: always('executeWorkflow', 'http-429-negative') })
  const { code, stderr } = await flowscale(['run', ...writer], { cwd, env })
  assert.is(code, 3, stderr)
  assert.is(pod.emulator.stats.runsStarted, 0)
})

for (const how of ['pipe', 'terminal', 'JSON']) {
  const inTerminal = how === 'terminal'
  const add = inTerminal && !hasTerminals ? test.skip : test
  add(`a server that is away for some seconds: what is waited for is said (${how})`, async ({ listen }) => {
    let isFirst = true
    const server = await listen((_request, response) => {
      response.writeHead(isFirst ? 503 : 200, { 'retry-after': '3' })
      response.end(isFirst ? '' : '{"status":"success","data":[]}')
      isFirst = false
    })
    const args = ['run', 'Text', '--url', server.url, ...(how === 'JSON' ? ['--json'] : [])]
    const { code, ...said } = await (inTerminal ? startInTerminal(args) : start(args)).ended
    assert.is(code, 4)
    const text = 'screen' in said ? said.screen : said.stderr
    if (how === 'JSON') assert.is(text, '')
    else assert.ok(text.startsWith(`Waiting for ${server.url}, which answers 503.\nflowscale: There is no`))
  })
}

test('a server that goes away in the wait: what is waited for is said', async ({ open }) => {
  const { pod, cwd, env } = await open({ faults: always('getRun', 'reset-early') })
  const command = start(['run', 'nev3rend5run'], { cwd, env })
  await command.printed(/^Waiting for \S+ to answer\.$/m)
  command.child.kill('SIGINT')
  const { stderr } = await command.ended
  assert.is(stderr.split('\n').filter((line) => line.startsWith('Waiting')).length, 1)
  assert.match(stderr, onlyRun(pod))
})

test('4: no such workflow', async ({ cwd, env }) => {
  const { code, stderr } = await flowscale(['run', 'Text to Imag'], { cwd, env })
  assert.is(code, 4)
  assert.match(stderr, /Did you mean "Text to Image"\?/)
})

test('5: a wrong key', async ({ cwd, env }) => {
  const key = 'fsk_wrong_5a01'
  const { code, stderr } = await flowscale(['run', ...writer, '--api-key', key], { cwd, env })
  assert.is(code, 5)
  assert.match(stderr, /Check the key/)
  assert.not(stderr.includes(key))
})

for (const isJson of [false, true]) {
  test(`6: a submission without an answer can be found by its group${isJson ? ' (JSON)' : ''}`, async ({
    open,
  }) => {
    const { pod, cwd, env } = await open({ faults: always('executeWorkflow', 'reset-late') })
    const args = ['run', ...writer, ...(isJson ? ['--json'] : ['--group', 'ada l'])]
    const ended = await flowscale(args, { cwd, env })
    assert.is(ended.code, 6)
    const { groupId } = pod.emulator.ledger.runs[0]!
    assert.is(pod.emulator.ledger.runs.length, 1, 'it was not sent again')
    if (!isJson) return assert.match(ended.stderr, `"flowscale runs --group 'ada l'"`)
    const { error } = linesOf(ended).at(-1)
    assert.equal([error.maybeSubmitted, error.groupId, error.workflowId], [true, groupId, 't3xtwr1ter00'])
  })
}

test('124: the run goes on, and the error says how', async ({ pod, cwd, env }) => {
  const args = ['run', 'nev3rend5run', '--timeout', '0.5', '-o', 'a b']
  const { code, stderr } = await flowscale(args, { cwd, env })
  const runId = onlyRun(pod)
  assert.is(code, 124)
  assert.match(stderr, `flowscale wait ${runId} -o 'a b'`)
  assert.is(pod.emulator.stateOf(runId)!.status, 'running')
  const { error } = linesOf(await flowscale([...args, '--json'], { cwd, env })).at(-1)
  assert.is(error.code, 'ERR_FLOWSCALE_TIMEOUT')
  assert.equal([error.runId, error.timeoutMs], [pod.emulator.ledger.runs[1]!.runId, 500])
})

test('a server that forgets the run in the wait: the id is told', async ({ open }) => {
  const { pod, cwd, env } = await open({ faults: always('getRun', 'vanished') })
  const { code, stderr } = await flowscale(['run', ...writer], { cwd, env })
  assert.is(code, 4, stderr)
  assert.match(stderr, onlyRun(pod))
})

test('1, not 2: the server says of a workflow what nobody can read', async ({ listen }) => {
  const asked: string[] = []
  const server = await listen((request, response) => {
    asked.push(request.method!)
    const data = [{ id: 'w1', name: 'W', description: '', inputs: '{ "a":', outputs: '{}' }]
    response.end(JSON.stringify({ status: 'success', data }))
  })
  const { code, stderr } = await flowscale(['run', 'w1', 'a=b', '--url', server.url])
  assert.is(code, 1)
  assert.match(
    stderr,
    /^flowscale: Workflow "W" \(w1\) can't be read: workflow\.inputs is not valid JSON\.\n$/,
  )
  assert.equal(asked, ['GET'])
})

test('1, not 2: the server refuses a question about a run that was submitted', async ({ listen }) => {
  const server = await listen((request, response) => {
    request.resume()
    const isSubmission = request.method === 'POST'
    if (isSubmission) return void response.end('{"status":"success","data":{"run_id":"r-1"}}')
    response.statusCode = request.url!.endsWith('/runs/r-1') ? 400 : 404
    response.end('{"status":"error","errors":["no such id"]}')
  })
  const { code, stderr } = await flowscale(['run', 'w1', 'a=b', '--url', server.url])
  assert.is(code, 1)
  assert.match(stderr, /no such id\. To wait for it and save its outputs: flowscale wait r-1 -o DIR\n$/)
})

test('1: outputs that can not be saved are there still', async ({ open }) => {
  const { pod, cwd, env } = await open({ faults: always('downloadOutput', 'http-500') })
  const { code, stderr } = await flowscale(['run', ...writer, '-o', 'out'], { cwd, env })
  const runId = onlyRun(pod)
  assert.is(code, 1, stderr)
  assert.match(stderr, `Run ${runId} has ended well, but`)
  assert.match(stderr, `flowscale download ${runId} -o out\n`)
  assert.not.match(stderr, /signature/)
  assert.equal(filesIn(cwd), [])
})

test('1: an output that got no answer: no advice about the address or the key, which are right', async ({
  open,
}) => {
  const { pod, cwd, env } = await open({ faults: always('downloadOutput', 'reset-early') })
  const { code, stderr } = await flowscale(['run', ...writer, '-o', 'out'], { cwd, env })
  assert.is(code, 1, stderr)
  assert.match(stderr, `Run ${onlyRun(pod)} has ended well, but`)
  assert.match(stderr, /got no answer: \S+\. To save its outputs: /)
})
