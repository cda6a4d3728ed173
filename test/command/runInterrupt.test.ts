// Ctrl-C at each moment of `flowscale run`: what goes on and what is lost is said, and no part of a file stays behind.
import { createEmulator, type FaultRequest } from '@flowscale/emulator'
import { serve } from '@flowscale/emulator/node'
import { assert } from '#test'
import { occupy } from '../examples/kit.ts'
import type { Servers } from '../support/suiteWithServers.ts'
import { until } from '../support/until.ts'
import { flowscale, hasTerminals, start, startInTerminal } from './kit.ts'
import { filesIn, linesOf, onlyRun, suiteWithPod } from './runKit.ts'

const test = suiteWithPod('command run, interrupted')
const writer = ['t3xtwr1ter00', 'prompt=a fox', 'words=12']

if (hasTerminals) {
  test('while it reads stdin: nothing was submitted', async ({ pod, cwd, env }) => {
    const terminal = startInTerminal(['run', 't3xtwr1ter00', 'prompt=-'], { cwd, env })
    await terminal.shows(/Reading prompt from the terminal\. End it with Ctrl-D/)
    terminal.type('\x03')
    const { code, screen } = await terminal.ended
    assert.is(code, 130)
    assert.match(screen, /Interrupted\. Nothing was submitted\./)
    assert.is(pod.emulator.stats.runsStarted, 0)
  })

  test('in a terminal it shows how far the run is, and Ctrl-C says how to go on', async ({ open }) => {
    const { pod, cwd, env } = await open({ containers: 1 })
    const free = await occupy(pod.emulator)
    const terminal = startInTerminal(['run', ...writer, '-o', 'out'], { cwd, env })
    await terminal.shows(/queued, (?:next|\d before it)/)
    const { runId } = pod.emulator.ledger.runs[1]!
    terminal.type('\x03')
    const { code, screen } = await terminal.ended
    assert.is(code, 130)
    assert.match(screen.replace(/\n/g, ''), `flowscale wait ${runId} -o out`)
    assert.is(pod.emulator.stateOf(runId)!.status, 'queued')
    await free()
    const { code: waited, stderr } = await flowscale(['wait', runId, '-o', 'out'], { cwd, env })
    assert.is(waited, 0, stderr)
    assert.is(filesIn(cwd).length, 1)
  })
}

/** An emulator that holds the answer to a submission until `release` is called, or the case ends. */
async function holdAnswer(atEnd: Servers['atEnd']) {
  const emulator = createEmulator({ speed: 50 })
  let release = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  const server = await serve({
    ...emulator,
    async handle(request, where) {
      const answer = await emulator.handle(request, where)
      if (request.method === 'POST' && /\/runs\?/.test(request.url)) await held
      return answer
    },
  })
  for (const close of [server.close, emulator.close, release]) atEnd(close)
  return { emulator, release, env: { FLOWSCALE_API_URL: server.url, FLOWSCALE_API_KEY: emulator.apiKey } }
}

test('before the submission is answered: it may have been submitted', async ({ cwd, atEnd }) => {
  const { emulator, env } = await holdAnswer(atEnd)
  const command = start(['run', 'nev3rend5run', '--json'], { cwd, env })
  await until(() => emulator.ledger.runs.length)
  command.child.kill('SIGINT')
  const ended = await command.ended
  assert.is(ended.code, 130)
  const { error } = linesOf(ended).at(-1)
  const { groupId } = emulator.ledger.runs[0]!
  assert.equal([error.code, error.maybeSubmitted, error.groupId], ['interrupted', true, groupId])
  assert.match(error.message, `flowscale runs --group ${groupId}`)
})

test('before the submission is answered, with --cancel-on-interrupt: the answer is waited for, and the run cancelled', async ({
  cwd,
  atEnd,
}) => {
  const { emulator, env, release } = await holdAnswer(atEnd)
  const command = start(['run', 'nev3rend5run', '--cancel-on-interrupt'], { cwd, env })
  await until(() => emulator.ledger.runs.length)
  command.child.kill('SIGINT')
  setTimeout(release, 300)
  const { code, stderr } = await command.ended
  const { runId } = emulator.ledger.runs[0]!
  assert.is(code, 130)
  assert.is(stderr, `Run ${runId} submitted\nflowscale: Interrupted. Run ${runId} was cancelled.\n`)
  assert.is(emulator.stateOf(runId)!.status, 'cancelled')
})

for (const moment of ['queued', 'running'] as const) {
  for (const isCancelled of [false, true]) {
    test(`while the run is ${moment}${isCancelled ? ', with --cancel-on-interrupt' : ''}`, async ({
      open,
    }) => {
      const { pod, cwd, env } = await open({ containers: 1 })
      if (moment === 'queued') await occupy(pod.emulator)
      const flag = isCancelled ? ['--cancel-on-interrupt'] : []
      const command = start(['run', 'nev3rend5run', '--json', ...flag], { cwd, env })
      await command.printed(new RegExp(`"status":"${moment}"`))
      command.child.kill('SIGINT')
      const ended = await command.ended
      const { runId } = pod.emulator.ledger.runs.at(-1)!
      const { error } = linesOf(ended).at(-1)
      assert.equal([ended.code, error.code, error.runId], [130, 'interrupted', runId])
      const said = isCancelled ? `Run ${runId} was cancelled` : `goes on.*flowscale wait ${runId} -o DIR`
      assert.match(error.message, new RegExp(said))
      assert.is(pod.emulator.stateOf(runId)!.status, isCancelled ? 'cancelled' : moment)
    })
  }
}

test('SIGTERM does the same, with its own code', async ({ pod, cwd, env }) => {
  const command = start(['run', 'nev3rend5run'], { cwd, env })
  await command.printed(/submitted/)
  command.child.kill('SIGTERM')
  const { code, stderr } = await command.ended
  assert.is(code, 143)
  assert.match(stderr, `flowscale wait ${onlyRun(pod)}`)
})

test('where the server can not cancel, it says so', async ({ open }) => {
  const { pod, cwd, env } = await open({ dialect: 'openapi' })
  const command = start(['run', 'nev3rend5run', '--cancel-on-interrupt'], { cwd, env })
  await command.printed(/submitted/)
  command.child.kill('SIGINT')
  const { code, stderr } = await command.ended
  assert.is(code, 130)
  assert.match(stderr, `Run ${onlyRun(pod)} could not be cancelled, and may go on`)
})

test('while a file is saved: no part of it stays, and the error says how to save', async ({ open }) => {
  let isHeld = true
  const plan = ({ operation }: FaultRequest) =>
    isHeld && operation === 'downloadOutput' ? 'hang-body' : undefined
  const { pod, cwd, env } = await open({ faults: { plan } })
  const command = start(['run', ...writer, '-o', 'out'], { cwd, env })
  await until(() => pod.emulator.ledger.faults['hang-body'] && filesIn(cwd).length)
  command.child.kill('SIGINT')
  const { code, stderr } = await command.ended
  const runId = onlyRun(pod)
  assert.is(code, 130)
  assert.match(
    stderr,
    `Run ${runId} has ended well. To save its outputs: flowscale download ${runId} -o out\n`,
  )
  assert.equal(filesIn(cwd), [])
  isHeld = false
  const saved = await flowscale(['download', runId, '-o', 'out'], { cwd, env })
  assert.is(saved.code, 0, saved.stderr)
  assert.is(filesIn(cwd).length, 1)
})
