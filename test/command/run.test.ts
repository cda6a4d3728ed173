// `flowscale run` as a process, on each dialect of the emulator and on a gateway.
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { assert } from '#test'
import { startComfy } from '../comfyui/server/startComfy.ts'
import { CANARY } from '../support/canary.ts'
import { openGateway, workflows } from '../support/openGateway.ts'
import { graphOf } from '../unit/gateway/comfyui/kit.ts'
import { flowscale, start } from './kit.ts'
import { filesIn, linesOf, onlyRun, serveOutputs, suiteWithPod } from './runKit.ts'

const test = suiteWithPod('command run')
const dialects = ['readme', 'openapi', 'python'] as const
const writer = ['t3xtwr1ter00', 'prompt=a fox', 'words=12']

for (const dialect of dialects) {
  test(`saves the outputs, and says where (${dialect})`, async ({ open }) => {
    const { pod, cwd, env } = await open({ dialect })
    const { code, stdout, stderr } = await flowscale(['run', ...writer, '-o', 'a b/out'], { cwd, env })
    assert.is(code, 0, stderr)
    const runId = onlyRun(pod)
    assert.is(stderr, `Run ${runId} submitted\n`)
    const [file] = filesIn(cwd)
    assert.is(stdout, `${file}\n`)
    assert.match(file!, /^a b\/out\/filename_prefix_.*\.txt$/)
    assert.match(readFileSync(join(cwd, file!), 'utf8'), /\w+/)
    const [told] = pod.emulator.ledger.runs
    assert.match(told!.groupId!, /^flowscale-cli-[\da-f]{8}$/)
  })

  test(`tells a program in lines of JSON (${dialect})`, async ({ open }) => {
    const { pod, cwd, env } = await open({ dialect })
    const args = ['run', ...writer, '-o', 'out', '--group', 'mine', '--json']
    const { code, stdout, stderr } = await flowscale(args, { cwd, env })
    assert.equal([code, stderr], [0, ''])
    const lines = linesOf({ stdout })
    const runId = onlyRun(pod)
    assert.equal(lines[0], { event: 'submitted', runId, workflowId: 't3xtwr1ter00', groupId: 'mine' })
    const last = lines.at(-1)
    const saved = lines.at(-2)
    const { event, runId: _, ...output } = saved
    assert.is(event, 'saved')
    assert.equal(last, { runId, status: 'completed', outputs: [output] })
    const bytes = readFileSync(join(cwd, output.path)).length
    assert.is(output.bytes, bytes)
    assert.ok(lines.some(({ event, status }) => event === 'progress' && status === 'completed'))
    assert.is(pod.emulator.ledger.runs[0]!.groupId, 'mine')
  })

  test(`without -o it prints names and links (${dialect})`, async ({ open }) => {
    const { pod, cwd, env } = await open({ dialect })
    const { code, stdout, stderr } = await flowscale(['run', ...writer], { cwd, env })
    assert.is(code, 0, stderr)
    assert.match(stdout, /^filename_prefix_\S+ {2}http:\/\/127\S+signature=\w+\n\S[\s\S]*\n$/)
    assert.ok(stderr.endsWith(`To save: flowscale download ${onlyRun(pod)} -o DIR\n`), stderr)
    assert.equal(filesIn(cwd), [])
  })
}

test('--preview shows a person one address, and a program each, also of a wait; without it there is none', async ({
  open,
}) => {
  const { pod, cwd, env } = await open({ speed: 5 })
  const painting = ['run', 'bncu0a1kipv', 'text_51536=a fox']
  const { code, stderr } = await flowscale([...painting, '--preview'], { cwd, env })
  assert.is(code, 0, stderr)
  const url = `${pod.url}/api/v1/runs/${onlyRun(pod)}/preview?number=`
  assert.equal(stderr.split('\n').filter((line) => line.includes('preview?')).length, 1, stderr)
  assert.ok(stderr.split('\n')[1]!.startsWith(`Preview: ${url}`), stderr)

  const previewsOf = async (...args: string[]) =>
    linesOf(await flowscale([...args, '--json'], { cwd, env })).flatMap(({ preview }) => preview ?? [])
  const previews = await previewsOf(...painting, '--preview')
  assert.ok(previews.length > 0)
  assert.ok(previews.every((preview) => preview.startsWith(pod.url)))
  assert.equal(await previewsOf(...painting), [])
  const { stdout } = await flowscale([...painting, '--preview', '--detach'], { cwd, env })
  assert.ok((await previewsOf('wait', stdout.trim())).length > 0)
})

test('a workflow by its name, and several outputs', async ({ cwd, env }) => {
  const args = ['run', 'Diptych', 'prompt=dawn', 'prompt=dusk', '-o', 'out']
  const { code, stdout, stderr } = await flowscale(args, { cwd, env })
  assert.is(code, 0, stderr)
  assert.is(filesIn(cwd).length, 2)
  assert.equal(stdout.trim().split('\n').sort(), filesIn(cwd))
})

test('a video is saved as the server has it', async ({ pod, cwd, env }) => {
  const args = ['run', 'Text to Video', 'prompt=dawn', 'duration=1', '-o', 'out']
  const { code, stdout, stderr } = await flowscale(args, { cwd, env })
  assert.is(code, 0, stderr)
  const [file] = filesIn(cwd)
  assert.is(stdout, `${file}\n`)
  assert.match(file!, /\.mp4$/)
  const made = readFileSync(join(cwd, file!))
  assert.is(made.toString('latin1', 4, 8), 'ftyp')
  const wrong = await flowscale(['run', 'Text to Video', 'prompt=dawn', 'duration=9'], { cwd, env })
  assert.match(wrong.stderr, /duration must be from 1 to 4 seconds, got 9/)
  assert.is(pod.emulator.stats.runsStarted, 2)
})

test('--detach prints the id, and does not wait', async ({ pod, cwd, env }) => {
  const { code, stdout, stderr } = await flowscale(['run', 'nev3rend5run', '--detach'], { cwd, env })
  const runId = onlyRun(pod)
  assert.equal([code, stdout, stderr], [0, `${runId}\n`, `Run ${runId} submitted\n`])
  const json = await flowscale(['run', 'nev3rend5run', '--detach', '--group', 'g', '--json'], { cwd, env })
  const { runId: second } = pod.emulator.ledger.runs[1]!
  const submission = { workflowId: 'nev3rend5run', groupId: 'g' }
  assert.equal(linesOf(json), [{ runId: second, status: 'submitted', ...submission }])
})

test('files of the disk and of stdin, 200 KB and more', async ({ cwd, env }) => {
  const bytes = Buffer.alloc(3_000_000, 7)
  bytes.write('\x00\x00\x00\x20ftypisom', 'latin1')
  writeFileSync(join(cwd, 'clip.webm'), bytes)
  const read = async (word: string, input: Uint8Array = new Uint8Array()) => {
    const args = ['run', 'v1deoinf0000', word, '-o', 'out', '--json']
    const ended = await flowscale(args, { cwd, env, input })
    assert.is(ended.code, 0, ended.stdout)
    return JSON.parse(readFileSync(join(cwd, linesOf(ended).at(-1).outputs[0].path), 'utf8'))
  }
  assert.equal(await read('video=@clip.webm'), { name: 'clip.webm', size: 3_000_000, type: 'video/webm' })
  assert.equal(await read('video=-', bytes), { name: 'stdin.mp4', size: 3_000_000, type: 'video/mp4' })
})

test('--inputs, from a file and from stdin, under the words of the command line', async ({
  pod,
  cwd,
  env,
}) => {
  mkdirSync(join(cwd, 'deep'))
  writeFileSync(join(cwd, 'deep/in.json'), '{"prompt": "from the file", "words": 9007199254740993}')
  const inputsOf = async (runId: string) => {
    const headers = { 'x-api-key': pod.emulator.apiKey }
    const answer = await fetch(`${pod.url}/api/v1/runs/${runId}`, { headers })
    const { data } = (await answer.json()) as any
    return Object.fromEntries(data.inputs.map(({ path, value }: any) => [path, value]))
  }
  const start = async (args: string[], input = '') => {
    const { code, stdout, stderr } = await flowscale(['run', 't3xtwr1ter00', '--detach', ...args], {
      cwd,
      env,
      input,
    })
    assert.is(code, 0, stderr)
    return inputsOf(stdout.trim())
  }
  assert.equal(await start(['--inputs', 'deep/in.json', 'words=5']), { prompt: 'from the file', words: 5 })
  assert.equal(await start(['--inputs', '-'], '{"prompt": "007"}'), { prompt: '007' })
  assert.equal(await start(['prompt=-'], 'typed\n'), { prompt: 'typed' })
})

test('on a gateway, which tells what is required', async ({ cwd, atEnd }) => {
  const comfy = await startComfy({ version: '0.8.0', speed: 100 })
  atEnd(() => comfy.stop())
  const odd = { name: 'odd', graph: graphOf({ 7: ['NoSuchNode', {}, 'Odd one'] }) }
  const gateway = await openGateway(comfy.url, { workflows: [...workflows, odd] })
  atEnd(gateway.close)
  const env = { FLOWSCALE_API_URL: gateway.url, FLOWSCALE_API_KEY: CANARY }
  const picture = resolve('test/comfyui/workflows/example.png')
  const missing = await flowscale(['run', 'Text to Image', 'seed=1.5'], { cwd, env })
  assert.is(missing.code, 2)
  assert.match(missing.stderr, /^ {2}seed must be a whole number.*\n {2}text_51536 is missing\n/)
  // Not told in the list: the server refuses it.
  const refused = await flowscale(['run', 'Image to Image', 'prompt=a'], { cwd, env })
  assert.is(refused.code, 2)
  assert.match(refused.stderr, /image_input/)
  const asked = { method: 'POST', headers: { 'x-api-key': CANARY } }
  const answer = await fetch(`${gateway.url}/api/v1/runs?workflow_id=odd`, asked)
  const { errors } = (await answer.json()) as { errors: string[] }
  const unable = await flowscale(['run', 'odd'], { cwd, env })
  assert.equal([unable.code, unable.stderr], [2, `flowscale: Workflow "odd" can't run: ${errors[0]}.\n`])
  assert.equal(comfy.executed.runs, {})
  const args = ['run', 'Image to Image', `image_input=@${picture}`, 'prompt=in oil', '-o', 'out']
  const { code, stdout, stderr } = await flowscale(args, { cwd, env })
  assert.is(code, 0, stderr)
  assert.equal(filesIn(cwd), [stdout.trim()])
  assert.not(`${stdout}${stderr}${missing.stderr}`.includes(CANARY))
})

test('whatever a server names its outputs, they stay in the folder, each in a file of its own', async ({
  cwd: outer,
  listen,
}) => {
  const names = [
    'out.png',
    'out.png',
    'OUT.png',
    '../../up.png',
    '/etc/abs.png',
    'a\0b.png',
    'x\x1b[31m\n.png',
    `${'long'.repeat(100)}.png`,
    `${'long'.repeat(100)}2.png`,
    '.hidden',
    'con.png',
    '..',
    '',
  ]
  const server = await serveOutputs(listen, names)
  const cwd = join(outer, 'in/here')
  mkdirSync(cwd, { recursive: true })
  const args = ['run', 'w', '-o', 'out', '--json']
  const ended = await flowscale(args, { cwd, env: server.env })
  assert.is(ended.code, 0, ended.stdout)
  const files = filesIn(outer)
  const { outputs } = linesOf(ended).at(-1)
  assert.is(files.length, outputs.length)
  for (const file of files) assert.match(file, /^in\/here\/out\/(?:\d\/)?[^/\p{Cc}.][^/\p{Cc}]*$/u)
  const contents = new Set(files.map((file) => readFileSync(join(outer, file), 'utf8')))
  assert.is(contents.size, files.length, 'no output was written over')
  const { stdout } = await flowscale(['run', 'w'], { cwd, env: server.env })
  assert.is(stdout.trim().split('\n').length, outputs.length)
  assert.not.match(stdout, /[^\P{Cc}\n]/u)
})

test('a submission that starts several runs: each way to submit names them all, because all are paid for', async ({
  cwd,
  listen,
}) => {
  const { env, runId } = await serveOutputs(listen, ['a.png'], 'r2', 'r3')
  const run = linesOf(await flowscale(['run', 'w', '--json', '-o', 'out'], { cwd, env }))
  for (const line of [run.find(({ event }) => event === 'submitted'), run.at(-1)])
    assert.equal(line.others, ['r2', 'r3'])
  const detached = await flowscale(['run', 'w', '--detach'], { cwd, env })
  assert.match(detached.stderr, 'also started r2, r3')
  writeFileSync(join(cwd, 'rows.jsonl'), '{"a":1}\n')
  const rows = linesOf(await flowscale(['batch', 'w', 'rows.jsonl', '-o', 'rows', '--json'], { cwd, env }))
  assert.equal(rows.find(({ others }) => others)?.others, ['r2', 'r3'])
  assert.match(readFileSync(join(cwd, 'rows/results.jsonl'), 'utf8'), runId)
})

test('whoever reads stdout may leave: the files are saved', async ({ cwd, env }) => {
  const { child, ended } = start(['run', ...writer, '-o', 'out', '--json'], { cwd, env })
  child.stdout!.destroy()
  const { code, stderr } = await ended
  assert.equal([code, stderr, filesIn(cwd).length], [0, '', 1])
})

if (process.platform === 'linux') {
  test('a result that can not be written is an error, and the files are saved', async ({ pod, cwd, env }) => {
    const stdout = openSync('/dev/full', 'w')
    const { code, stderr } = await flowscale(['run', ...writer, '-o', 'out'], { cwd, env, stdout })
    assert.is(code, 1)
    assert.match(stderr, new RegExp(`^Run ${onlyRun(pod)} submitted\n.*no space left`))
    assert.is(filesIn(cwd).length, 1)
  })
}
