// The completion, in a real bash.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { assert, suite } from '#test'
import { createProgram } from '../../packages/flowscale/src/command/program.ts'
import { flowscale } from './kit.ts'
import { commandInTerminal, hasTerminals } from './startInTerminal.ts'

const test = suite('completion')
const inTerminal = hasTerminals ? test : test.skip

const verbs = createProgram().commands
const folder = mkdtempSync(join(tmpdir(), 'flowscale-completion-'))
mkdirSync(join(folder, 'photos'))
for (const name of ['photo one.png', 'phone.txt', 'rows.csv']) writeFileSync(join(folder, name), '')
test.after(() => rmSync(folder, { recursive: true }))

const { stdout: script } = await flowscale(['completion', 'bash'])
const file = join(folder, 'flowscale.bash')
writeFileSync(file, script)

/** What bash offers after these words, the last of which is being written. */
function offered(...words: string[]): string[] {
  const code = `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _flowscale; printf '%s\\n' "\${COMPREPLY[@]}"`
  const out = execFileSync('bash', ['--norc', '-uc', code, '_', file, 'flowscale', ...words], {
    cwd: folder,
    encoding: 'utf8',
    // No node, and so no flowscale, and no server: nothing is asked.
    env: { PATH: '/usr/bin:/bin' },
  })
  return out.split('\n').filter(Boolean).sort()
}

test('as JSON', async () => {
  const { stdout } = await flowscale(['completion', 'bash', '--json'])
  assert.equal(JSON.parse(stdout), { shell: 'bash', script })
})

test('verbs', () => {
  assert.equal(offered(''), [...verbs.map((verb) => verb.name()), 'help', 'version'].sort())
  assert.equal(offered('wo'), ['workflows'])
  assert.equal(offered('help', 'wo'), ['workflows'])
  assert.equal(offered('--json', 'he'), ['health', 'help'])
  assert.equal(offered('--'), ['--help', '--version'])
})

for (const verb of verbs) {
  const name = verb.name()
  test(`flags of ${name}`, () => {
    const all = offered(name, '-')
    for (const word of [
      ...verb.options.flatMap(({ short, long }) => [short ?? long!, long!]),
      '--json',
      '--help',
    ]) {
      assert.ok(all.includes(word), word)
    }
    assert.is(all.includes('--url'), name !== 'completion')
  })
}

test('files after =@, however bash takes the word apart', () => {
  const files = ['phone.txt', 'photo one.png', 'photos']
  assert.equal(offered('run', 'x', 'image=@ph'), [
    'image=@phone.txt',
    'image=@photo\\ one.png',
    'image=@photos/',
  ])
  assert.equal(offered('run', 'x', 'image', '=@', 'ph'), files)
  assert.equal(offered('run', 'x', 'image', '=', '@', 'ph'), files)
  assert.ok(offered('run', 'x', 'image', '=@').includes('rows.csv'))
  assert.equal(offered('run', 'x', 'ph'), [])
})

test('values of flags', () => {
  assert.equal(offered('run', 'x', '-o', 'ph'), ['photos'])
  assert.equal(offered('run', 'x', '--inputs', 'ro'), ['rows.csv'])
  assert.equal(offered('batch', 'x', 'ro'), ['rows.csv'])
  assert.equal(offered('completion', ''), ['bash'])
  assert.equal(offered('runs', '--limit', ''), [])
})

inTerminal('with the key Tab', async () => {
  const bash = commandInTerminal(['bash', '--norc', '--noprofile', '-i'], {
    cwd: folder,
    env: { PS1: '$ ', PATH: '/usr/bin:/bin', INPUTRC: '/dev/null' },
  })
  await bash.shows(/^\$$/m)
  bash.type(`source ${file}\n`)
  await bash.shows(/source.*\n\$$/)
  bash.type('flowscale workf\t')
  await bash.shows(/\$ flowscale workflows$/m)
  bash.type('\x15flowscale run x image=@pho\t')
  bash.type('to\\ o\t')
  await bash.shows(/image=@photo\\ one\.png$/m)
  bash.type('\x15flowscale run x -o phot\t')
  await bash.shows(/-o photos\/?$/m)
  bash.type('\x15exit\n')
  await bash.ended
})

test('a process of its own: source <(flowscale completion bash)', () => {
  const bin = resolve('packages/flowscale/bin/flowscale.js')
  const code = `source <("$1" "$2" completion bash); COMP_WORDS=(flowscale he); COMP_CWORD=1; _flowscale; echo "\${COMPREPLY[@]}"; complete -p flowscale`
  const out = execFileSync('bash', ['-c', code, '_', process.execPath, bin], { encoding: 'utf8' })
  assert.is(out, 'health help\ncomplete -F _flowscale flowscale\n')
})
