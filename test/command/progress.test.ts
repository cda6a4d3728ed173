// The line that moves, as a person sees it.
import { resolve } from 'node:path'
import { assert, suite } from '#test'
import { elapsed, progressText } from '../../packages/flowscale/src/command/terminal/progress.ts'
import { table } from '../../packages/flowscale/src/command/terminal/table.ts'
import { commandInTerminal, hasTerminals, type TerminalOptions } from './startInTerminal.ts'

const test = suite('progress')
const inTerminal = hasTerminals ? test : test.skip
const script = resolve('test/command/scripts/progress.ts')
const tsx = resolve('node_modules/tsx/dist/esm/index.mjs')
const begin = (args: string[], options: TerminalOptions = {}) =>
  commandInTerminal([process.execPath, '--import', tsx, script, ...args], {
    ...options,
    env: { TSX_TSCONFIG_PATH: resolve('test/tsconfig.json'), ...options.env },
  })
const hidesCursor = '\x1b[?25l'
const showsCursor = '\x1b[?25h'

test('says how far a run is', () => {
  assert.is(progressText({ status: 'running', progress: 0.05 }), 'running   5 %')
  assert.is(progressText({ status: 'running', progress: 0.42, node: 'KSampler' }), 'running  42 %, KSampler')
  assert.is(progressText({ status: 'in_progress', progress: 0.999 }), 'running  99 %')
  assert.is(progressText({ status: 'running', progress: 1 }), 'running 100 %')
  const spaces = { status: 'a    b', progress: 0, node: 'c\n\n \td' }
  assert.is(progressText(spaces), 'a b   0 %, c d', 'no text of a server leaves the line')
  assert.match(table(['state'], [[progressText({ status: 'running', progress: 0.05 })]]), 'running   5 %')
  assert.is(progressText({ status: 'running' }), 'running')
  assert.is(progressText({ status: 'completed', progress: 1 }), 'completed')
  assert.is(progressText({ status: 'queued', position: 3 }), 'queued, 3 before it')
  assert.is(progressText({ status: 'pending', position: 0 }), 'queued, next')
  assert.is(progressText({ status: 'success', progress: 1 }), 'completed')
  assert.is(progressText({ status: 'canceled' }), 'cancelled')
  assert.equal([999, 1000, 59_999, 60_000, 3_725_000].map(elapsed), [
    '',
    '1 s',
    '59 s',
    '1 min 0 s',
    '62 min 5 s',
  ])
})

inTerminal('one line that changes; notes stand above it; nothing of it is left', async () => {
  const run = begin(['DONE', 'running 1 %', 'running 2 %'])
  await run.shows(/^⠋?.? running 1 %(, [\d mins]+)?$/m)
  run.type('\n')
  await run.shows(/a note on running 1 %\n+. running 2 %(, [\d mins]+)?$/)
  run.type('\n')
  const { code, screen, raw } = await run.ended
  assert.is(code, 0)
  assert.equal(screen.split('\n').filter(Boolean), [
    'a note on running 1 %',
    'a note on running 2 %',
    'the result',
  ])
  assert.ok(raw.includes(hidesCursor))
  assert.ok(raw.lastIndexOf(showsCursor) > raw.lastIndexOf(hidesCursor))
})

inTerminal('the time since the beginning stands there, and goes on', async () => {
  const run = begin(['DONE', 'running 1 %'])
  await run.shows(/running 1 %, 1 s$/)
  await run.shows(/running 1 %, 2 s$/)
  run.type('\n')
  await run.ended
})

inTerminal('is cut to the window, by what is seen of wide characters', async () => {
  const text = `running ${'灯台'.repeat(40)}`
  const run = begin(['DONE', text], { columns: 40 })
  await run.shows(/running 灯台.*…/)
  assert.match(run.screen(), /^. running (灯台)+灯?…$/)
  assert.is(run.screen().split('\n').length, 1)
  run.type('\n')
  // No line above it is taken away with it.
  assert.match((await run.ended).screen, /^a note on running .*\nthe result$/s)
})

inTerminal('an exit in the middle gives the cursor back', async () => {
  const run = begin(['EXIT', 'running 1 %'])
  await run.shows(/running 1 %/)
  run.type('\n')
  const { code, screen, raw } = await run.ended
  assert.is(code, 1)
  assert.not.match(screen, /^. running/m)
  assert.ok(raw.lastIndexOf(showsCursor) > raw.lastIndexOf(hidesCursor))
})

inTerminal('without Unicode: ASCII only', async () => {
  const run = begin(['DONE', `running ${'long '.repeat(40)}`], { env: { LANG: 'C' } })
  await run.shows(/running long/)
  run.type('\n')
  const { raw } = await run.ended
  assert.not.match(raw, /[^\0-\x7f]/)
  assert.match(raw, /running (long )+.*\.\.\./)
})

inTerminal('a dumb terminal: a line for other words only, and no escape sequence', async () => {
  const run = begin(['DONE', 'queued, 2 before it', 'queued, 1 before it', 'running 5 %'], {
    env: { TERM: 'dumb' },
  })
  for (const text of ['queued, 2', 'queued, 1', 'running 5']) {
    await run.shows(text === 'queued, 1' ? /a note on queued, 2/ : new RegExp(text))
    run.type('\n')
  }
  const { raw } = await run.ended
  assert.is(raw.match(/^queued/gm)?.length, 1)
  assert.is(raw.match(/^running/gm)?.length, 1)
  assert.not.match(raw, /\x1b/)
})

for (const [what, env, isColored] of [
  ['colour in a terminal', {}, true],
  ['NO_COLOR', { NO_COLOR: '1' }, false],
  ['FORCE_COLOR=0', { FORCE_COLOR: '0' }, false],
] as const) {
  inTerminal(what, async () => {
    const run = begin(['DONE', 'running'], { env })
    await run.shows(/. running/)
    run.type('\n')
    const { raw } = await run.ended
    assert.is(/\x1b\[36m/.test(raw), isColored)
  })
}

inTerminal('a text of the server moves nothing', async () => {
  const run = begin(['DONE', 'running\x1b[2J\x07 here'])
  await run.shows(/running\\x1b\[2J\\x07 here/)
  run.type('\n')
  await run.ended
})

inTerminal('in a CI, nothing', async () => {
  const run = begin(['DONE', 'running'], { env: { CI: 'true' } })
  run.type('\n')
  const { raw } = await run.ended
  assert.not.match(raw, /\x1b/)
})
