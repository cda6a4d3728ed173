// The line that moves, by a real run.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { assert, suite } from '#test'
import { pod } from '../examples/kit.ts'
import { listen } from '../support/listen.ts'
import { hasTerminals, startInTerminal } from './kit.ts'

const test = suite('progress of run')
const inTerminal = hasTerminals ? test : test.skip
const cwd = mkdtempSync(join(tmpdir(), 'flowscale-progress-'))
const server = await pod({ speed: 1 })
test.after(async () => {
  await server.close()
  rmSync(cwd, { recursive: true })
})

inTerminal('is seen, and gone at the end', async () => {
  const run = startInTerminal(['run', 'Text to Image', 'text_51536=a fox', '-o', '.'], {
    cwd,
    env: server.env,
  })
  await run.shows(/running( [ \d]{3} %)?(, [\d mins]+)?(, .+)?$/)
  const { code, screen } = await run.ended
  assert.is(code, 0)
  assert.match(screen, /^Run \S+ submitted\n+\S+\.png$/)
})

inTerminal('Ctrl-C gives the cursor back, and says how to go on', async () => {
  const run = startInTerminal(['run', 'Never Ends'], { cwd, env: server.env })
  await run.shows(/running( [ \d]{3} %)?(, [\d mins]+)?(, .+)?$/)
  run.type('\x03')
  const { code, screen, raw } = await run.ended
  assert.is(code, 130)
  assert.match(screen.replaceAll('\n', ''), /flowscale wait /)
  assert.ok(raw.lastIndexOf('\x1b[?25h') > raw.lastIndexOf('\x1b[?25l'))
  assert.not.match(screen, /running/)
})

inTerminal('says why a run waits, cut to the window', async () => {
  const run = { _id: 'a', inputs: [], outputs: [{ filename: 'a.txt', url: 'http://a/a.txt', text: 'a' }] }
  let state: object = { status: 'queued', position: 0 }
  const gateway = await listen(({ method, url }, response) => {
    const isRun = url === '/api/v1/runs/a'
    const data = method === 'POST' ? { run_id: 'a' } : isRun && { ...run, ...state }
    // The reason comes later, as from a gateway.
    if (isRun) state = { waits_for: `No server\x1b[2J can take the run: ${'gpu '.repeat(40)}`, ...state }
    response.statusCode = data ? 200 : 404
    response.end(JSON.stringify(data ? { status: 'success', data } : { status: 'error', errors: ['none'] }))
  })
  const env = { FLOWSCALE_API_URL: gateway.url }
  const started = [
    ['run', 'w'],
    ['wait', 'a'],
  ].map((args) => startInTerminal(args, { cwd, env }))
  const why = /^. queued, next, \d+ s, No server[^\x1b]* can take.*…$/m
  await Promise.all(started.map((one) => one.shows(why))).finally(() => {
    state = { status: 'completed' }
  })
  for (const { ended } of started) {
    const { code, screen } = await ended
    assert.is(code, 0)
    assert.not.match(screen, /queued|No server/)
  }
  await gateway.close()
})

// As of `script` without a terminal around it, or of a pty that a program opened.
inTerminal('a terminal that does not know its size gets lines', async () => {
  const run = startInTerminal(['run', 'Text Writer', 'prompt=a', '-o', '.'], {
    cwd,
    env: server.env,
    columns: 0,
  })
  const { code, raw } = await run.ended
  assert.is(code, 0)
  assert.match(raw, /submitted\r\n[\s\S]*running/)
  assert.not.match(raw, '\x1b[1A')
})
