// The completion, in a real bash; zsh and fish are in test/runtimes/completion.runtime.ts.
import { execFile, execFileSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { assert, suite } from '#test'
import { createProgram } from '../../packages/flowscale/src/command/program.ts'
import { completionFolder } from './completionKit.ts'
import { flowscale } from './kit.ts'
import { commandInTerminal, hasTerminals } from './startInTerminal.ts'

const test = suite('completion')
const inTerminal = hasTerminals ? test : test.skip

const program = createProgram()
const verbs = program.createHelp().visibleCommands(program)
const { folder, url, env, close } = await completionFolder()
test.after(close)

const { stdout: script } = await flowscale(['completion', 'bash'])
const file = join(folder, 'flowscale.bash')
writeFileSync(file, script)

/** What bash offers after these words, the last of which is being written. */
const offered = (...words: string[]): Promise<string[]> => offeredIn(env, ...words)

async function offeredIn(env: NodeJS.ProcessEnv, ...words: string[]): Promise<string[]> {
  const code = `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _flowscale flowscale; printf '%s\\n' "\${COMPREPLY[@]}"`
  const bash = promisify(execFile)('bash', ['--norc', '-uc', code, '_', file, 'flowscale', ...words], {
    cwd: folder,
    env,
  })
  return (await bash).stdout.split('\n').filter(Boolean).sort()
}

test('as JSON', async () => {
  const { stdout } = await flowscale(['completion', 'bash', '--json'])
  assert.equal(JSON.parse(stdout), { shell: 'bash', script })
})

test('verbs', async () => {
  assert.equal(await offered(''), [...verbs.map((verb) => verb.name()), 'help', 'version'].sort())
  assert.equal(await offered('wo'), ['workflows'])
  assert.equal(await offered('help', 'wo'), ['workflows'])
  assert.equal(await offered('--json', 'he'), ['health', 'help'])
  assert.equal(await offered('--'), ['--help', '--version'])
})

for (const verb of verbs) {
  const name = verb.name()
  test(`flags of ${name}`, async () => {
    const all = await offered(name, '-')
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

test('files after =@, however bash takes the word apart', async () => {
  const files = ['phone.txt', 'photo one.png', 'photos']
  assert.equal(await offered('run', 'x', 'image=@ph'), [
    'image=@phone.txt',
    'image=@photo\\ one.png',
    'image=@photos/',
  ])
  assert.equal(await offered('run', 'x', 'image', '=@', 'ph'), files)
  assert.equal(await offered('run', 'x', 'image', '=', '@', 'ph'), files)
  assert.ok((await offered('run', 'x', 'image', '=@')).includes('rows.csv'))
  assert.equal(await offered('run', 'x', 'ph'), [])
})

test('values of flags', async () => {
  assert.equal(await offered('run', 'x', '-o', 'ph'), ['photos'])
  assert.equal(await offered('run', 'x', '--inputs', 'ro'), ['rows.csv'])
  assert.equal(await offered('batch', 'x', 'ro'), ['rows.csv'])
  assert.equal(await offered('completion', ''), ['bash', 'fish', 'zsh'])
  assert.equal(await offered('runs', '--limit', ''), [])
})

test('names and ids of workflows, quoted', async () => {
  const all = [
    'Text\\ Writer',
    'Text\\ to\\ Image',
    '\\$\\(touch\\ hacked\\)',
    'b',
    'bncu0a1kipv',
    't3xtwr1ter00',
  ]
  for (const verb of ['run', 'batch', 'workflows', 'pull'])
    assert.equal((await offered(verb, '')).sort(), all.sort(), verb)
  assert.equal(await offered('run', 'Text\\ W'), ['Text\\ Writer'])
  assert.equal(await offered('run', '"Text W'), ['Text Writer'])
  assert.equal(await offered('run', '"$'), [])
  assert.equal(await offered('-q', 'run', '-o', 'photos', 'bn'), ['bncu0a1kipv'])
  assert.equal(await offered('pull', 'b', 'bn'), ['bncu0a1kipv'])
  assert.equal(await offered('run', 'b', 'bn'), [])
})

test('names of inputs that are not given yet, and of a list always', async () => {
  const hostile = 'a\\$\\(touch\\ hacked\\)='
  assert.equal(await offered('run', 'Text\\ Writer', ''), [hostile, 'seed=', 'text_51536='])
  assert.equal(await offered('run', 'bncu0a1kipv', '-o', 'photos', 's'), ['seed='])
  assert.equal(await offered('run', 'bncu0a1kipv', 'seed', '=', '7', 'text_51536', '=', 'x', ''), [
    hostile,
    'text_51536=',
  ])
  assert.equal(await offered('run', 'b', ''), [])
  assert.equal(await offered('run', 'nosuch', ''), [])
})

test('ids of runs with their workflow and text; those that go on to cancel', async () => {
  const ids = ['5c1e77aa-0000-4000-8000-000000000000', '808f34d0-0000-4000-8000-000000000000']
  for (const verb of ['wait', 'download', 'get']) assert.equal(await offered(verb, ''), ids, verb)
  assert.equal(await offered('cancel', ''), [ids[1]])
  assert.equal(await offered('get', '80'), [ids[1]])
  assert.equal(await offered('wait', ids[1]!, ''), [ids[0]])
  assert.equal(await offered('get', ids[0]!, ''), [])
  const { stdout } = await flowscale(['__complete', '--', 'get', ''], { env })
  assert.is(stdout, `words\t\n${ids[1]}\tb: a fox $(touch hacked)\n${ids[0]}\tb: a lake\n`)
})

test('of the server that the words name, however bash takes them apart; nothing where it does not answer', async () => {
  const away = { ...env, FLOWSCALE_API_URL: 'http://127.0.0.1:1' }
  assert.equal(await offeredIn(away, 'run', 'bn'), [])
  assert.equal(await offeredIn(away, '--url', url, 'run', 'bn'), ['bncu0a1kipv'])
  assert.equal(await offeredIn(away, '--url', ...url.split(/(:)/), 'run', 'bn'), ['bncu0a1kipv'])
  assert.equal(await offeredIn(away, '--url', '=', ...url.split(/(:)/), 'run', 'bn'), ['bncu0a1kipv'])
})

inTerminal('with the key Tab', async () => {
  const bash = commandInTerminal(['bash', '--norc', '--noprofile', '-i'], {
    cwd: folder,
    env: { ...env, PS1: '$ ', INPUTRC: '/dev/null' },
  })
  await bash.shows(/^\$$/m)
  bash.type(`source ${file}\n`)
  await bash.shows(/source.*\n\$$/)
  bash.type('flowscale workf\t')
  await bash.shows(/\$ flowscale workflows$/m)
  bash.type('\x15flowscale run bncu0a1kipv te\tdawn')
  await bash.shows(/bncu0a1kipv text_51536=dawn$/m)
  bash.type('\x15flowscale get \t\t')
  await bash.shows(/808f34d0-0000-4000-8000-000000000000 {2}b: a fox \$\(touch hacked\)/)
  bash.type('\x15flowscale run x image=@pho\t')
  bash.type('to\\ o\t')
  await bash.shows(/image=@photo\\ one\.png$/m)
  bash.type('\x15flowscale run x -o phot\t')
  await bash.shows(/-o photos\/?$/m)
  bash.type('\x15exit\n')
  await bash.ended
})

test('a process of its own: source <(flowscale completion bash)', () => {
  const code = `source <(flowscale completion bash); COMP_WORDS=(flowscale he); COMP_CWORD=1; _flowscale flowscale; echo "\${COMPREPLY[@]}"; complete -p flowscale`
  const out = execFileSync('bash', ['-c', code], { env, encoding: 'utf8' })
  assert.is(out, 'health help\ncomplete -F _flowscale flowscale\n')
})

test('nothing that a server says is run', () => assert.not(existsSync(join(folder, 'hacked'))))
