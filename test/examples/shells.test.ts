// Each shell block of the pages gives its programs the same arguments in bash and in zsh, as pasted into a terminal.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { assert, suite } from '#test'
import { ensure } from '../../scripts/lib/ensure.mjs'

const test = suite('shell blocks')
ensure('zsh')
const files = ['*.md', ':!test', ':!.changeset']
const pages = execFileSync('git', ['ls-files', ...files], { encoding: 'utf8' })
  .trim()
  .split('\n')
const begins = /^(aws|deno|export|for|kill|npm|npx|openssl|printf|valkey-server) /

/** What each shell calls in place of a program that it does not find: it writes the arguments down, and prints a row for loops. */
const record = `() { local IFS='|'; printf '%s\\n' "$*" >>"$CALLS"; printf 'a b\\tc d\\n'; }\nkill() { :; }\n`
const shells = {
  bash: { flags: ['--norc'], setup: `set -o history -o histexpand\ncommand_not_found_handle${record}` },
  // As in a terminal, where zsh knows no comments.
  zsh: { flags: ['-f', '-i'], setup: `command_not_found_handler${record}` },
}

/** The programs that a shell starts for a block, with their arguments. None of them runs. */
function callsIn(shell: keyof typeof shells, block: string): string[] {
  const cwd = mkdtempSync(join(tmpdir(), 'flowscale-shell-'))
  try {
    const calls = join(cwd, 'calls')
    writeFileSync(calls, '')
    mkdirSync(join(cwd, 'workflows'))
    // zsh refuses a pattern that fits no file.
    writeFileSync(join(cwd, 'package.tgz'), '')
    // A program that is named by its path.
    mkdirSync(join(cwd, 'node_modules/.bin'), { recursive: true })
    const emulator = '#!/bin/sh\necho emulator "$@" >>"$CALLS"\n'
    writeFileSync(join(cwd, 'node_modules/.bin/flowscale-emulator'), emulator, { mode: 0o755 })
    const { flags, setup } = shells[shell]
    const { status, stderr } = spawnSync(`/usr/bin/${shell}`, flags, {
      cwd,
      input: `${setup}${block}\nwait\n`,
      encoding: 'utf8',
      env: { PATH: '/nowhere', CALLS: calls, LANG: 'C.UTF-8' },
      timeout: 60_000,
    })
    assert.is(status, 0, stderr)
    // An interactive shell prompts there.
    if (shell === 'bash') assert.is(stderr, '')
    return readFileSync(calls, 'utf8').replaceAll(cwd, '').trim().split('\n').sort()
  } finally {
    rmSync(cwd, { recursive: true })
  }
}

for (const page of pages) {
  const blocks = readFileSync(page, 'utf8').matchAll(/^ *```(sh|text)(?: \w+)?\n([\s\S]*?)^ *```/gm)
  let number = 0
  for (const [, language, code] of blocks) {
    if (language === 'text' && !begins.test(code!.trimStart())) continue
    test(`${page}, shell block ${++number}`, () => {
      const calls = callsIn('bash', code!)
      assert.ok(calls[0], code)
      assert.equal(callsIn('zsh', code!), calls)
    })
  }
}
