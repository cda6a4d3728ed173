// The line that moves, by a real run.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { assert, suite } from '#test'
import { pod } from '../examples/kit.ts'
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
