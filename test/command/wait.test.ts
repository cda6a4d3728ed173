// `flowscale wait` and `flowscale download` as processes.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { assert } from '#test'
import { flowscale, start } from './kit.ts'
import { filesIn, linesOf, type Place, suiteWithPod } from './runKit.ts'

const test = suiteWithPod('command wait and download')
const dialects = ['readme', 'openapi', 'python'] as const
const writer = ['t3xtwr1ter00', 'prompt=a fox', 'words=12']

/** Submits a run; gives its id. */
async function submit({ cwd, env }: Place, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await flowscale(['run', ...args, '--detach'], { cwd, env })
  assert.is(code, 0, stderr)
  return stdout.trim()
}

for (const dialect of dialects) {
  test(`waits for one run, and saves its outputs (${dialect})`, async ({ open }) => {
    const place = await open({ dialect })
    const { cwd } = place
    const runId = await submit(place, ...writer)
    const { code, stdout, stderr } = await flowscale(['wait', runId, '-o', 'out'], place)
    assert.equal([code, stderr], [0, ''])
    assert.equal(filesIn(cwd), [stdout.trim()])
    const ended = await flowscale(['wait', runId, '--json'], place)
    const { runs } = linesOf(ended).at(-1)
    assert.equal([runs.length, runs[0].runId, runs[0].status], [1, runId, 'completed'])
    assert.match(runs[0].outputs[0].download_url, /^http/)
  })

  test(`downloads a run, and an output by name (${dialect})`, async ({ open }) => {
    const place = await open({ dialect })
    const { cwd } = place
    const runId = await submit(place, ...writer)
    const waited = await flowscale(['wait', runId], place)
    const [name = ''] = waited.stdout.split(' ')
    const byRun = await flowscale(['download', runId, '-o', 'a'], place)
    assert.equal([byRun.code, byRun.stderr], [0, `${runId}: a run, completed\n`])
    const byName = await flowscale(['download', name, '-o', 'b'], place)
    assert.equal([byName.code, byName.stderr], [0, `${name}: an output\n`])
    const [a = '', b = ''] = filesIn(cwd)
    assert.equal([a, b], [byRun.stdout.trim(), byName.stdout.trim()])
    assert.is(readFileSync(join(cwd, a), 'utf8'), readFileSync(join(cwd, b), 'utf8'))
  })
}

for (const verb of ['wait', 'get', 'download', 'cancel']) {
  test(`${verb}: the beginning of an id stands for the run`, async (place) => {
    const runId = await submit(place, ...writer)
    await flowscale(['wait', runId], place)
    const { code, stdout, stderr } = await flowscale([verb, runId.slice(0, 8), '--json'], place)
    assert.equal([code, stderr], [0, ''])
    assert.match(stdout, runId)
  })
}

test('waits for several: each has a folder, one that fails takes no other along, and the worst decides', async (place) => {
  const { pod, cwd } = place
  const good = [await submit(place, ...writer), await submit(place, 'Text Writer', 'prompt=b')]
  const bad = await submit(place, 'fa1lsa1ways0', 'message=no paint')
  const never = await submit(place, 'nev3rend5run')
  const all = [...good, bad, never, 'no-such-run']
  const args = ['wait', ...all, '-o', 'out', '--timeout', '6']
  const { code, stdout, stderr } = await flowscale(args, place)
  assert.is(code, 1)
  assert.equal(
    filesIn(cwd).map((file) => file.split('/')[1]),
    [...good].sort(),
  )
  assert.equal(stdout.trim().split('\n').sort(), filesIn(cwd))
  for (const runId of all) assert.match(stderr, new RegExp(`^Run ${runId}`, 'm'))
  assert.match(stderr, /no paint/)
  assert.match(stderr, `flowscale wait ${never} -o out`)
  assert.match(stderr, /\nflowscale: 3 of 5 runs gave no result\.\n$/)
  assert.ok(pod.timesAsked() > 0, 'one list answers many')
  const ended = await flowscale(['wait', ...good, bad, '--json'], place)
  const { error } = linesOf(ended).at(-1)
  assert.equal([ended.code, error.code, error.runs.length, error.errors.length], [1, 'failed', 2, 1])
  assert.is(error.errors[0].runId, bad)
})

for (const [what, code, pattern] of [
  ['nev3rend5run', 124, /goes on\. .*flowscale wait/],
  ['fa1lsa1ways0', 1, /This workflow always fails/],
] as const) {
  test(`a wait for ${what} ends with ${code}`, async (place) => {
    const runId = await submit(place, what)
    const ended = await flowscale(['wait', runId, '--timeout', '2'], place)
    assert.is(ended.code, code)
    assert.match(ended.stderr, pattern)
  })
}

test('a wait for a run that is not there ends with 4', async (place) => {
  const ended = await flowscale(['wait', 'no-such-run'], place)
  assert.is(ended.code, 4)
  assert.match(ended.stderr, 'no-such-run')
})

for (const isCancelled of [false, true]) {
  test(`Ctrl-C ${isCancelled ? 'cancels the runs with --cancel-on-interrupt' : 'leaves the runs going'}`, async (place) => {
    const { pod } = place
    const runIds = [await submit(place, 'nev3rend5run'), await submit(place, 'nev3rend5run')]
    const flag = isCancelled ? ['--cancel-on-interrupt'] : []
    const command = start(['wait', ...runIds, '--json', '-o', 'out', ...flag], place)
    await command.printed(/"status":"running"/)
    command.child.kill('SIGINT')
    const ended = await command.ended
    const { error } = linesOf(ended).at(-1)
    assert.equal([ended.code, error.runIds], [130, runIds])
    const states = runIds.map((runId) => pod.emulator.stateOf(runId)!.status)
    if (isCancelled) {
      assert.equal(states, ['cancelled', 'cancelled'])
      for (const runId of runIds) assert.match(error.message, `Run ${runId} was cancelled.`)
    } else {
      assert.equal(states, ['running', 'running'])
      assert.match(error.message, `flowscale wait ${runIds.join(' ')} -o out`)
    }
  })
}

test('what can not be downloaded', async (place) => {
  const never = await submit(place, 'nev3rend5run')
  const bad = await submit(place, 'fa1lsa1ways0')
  await flowscale(['wait', bad], place)
  for (const [word, code, pattern] of [
    [never, 1, `flowscale wait ${never} -o .`],
    [bad, 1, 'This workflow always fails'],
    ['nothing.png', 4, 'There is no run and no output "nothing.png"'],
  ] as const) {
    const ended = await flowscale(['download', word], place)
    assert.equal([ended.code, ended.stdout], [code, ''])
    assert.match(ended.stderr, pattern)
  }
  const good = await submit(place, ...writer)
  await flowscale(['wait', good], place)
  const ended = await flowscale(['download', 'nothing.png', good, '--json'], place)
  const { error } = linesOf(ended).at(-1)
  assert.equal([ended.code, error.code, error.files.length, error.errors.length], [4, 'not_found', 1, 1])
  assert.equal(filesIn(place.cwd), [error.files[0].path])
})
