// The completion in zsh and fish; bash is in test/command/completion.test.ts.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { assert, suite } from '#test'
import { completionFolder } from '../command/completionKit.ts'
import { commandInTerminal } from '../command/startInTerminal.ts'

const test = suite('completion in shells')
const { folder, env, close } = await completionFolder()
test.after(close)

test('zsh', async () => {
  const shell = commandInTerminal(['zsh', '-f', '-i'], { cwd: folder, env: { ...env, PS1: '$ ' } })
  try {
    await shell.shows(/^\$$/m)
    shell.type('autoload -U compinit && compinit -D -u && . <(flowscale completion zsh) && PS1="> "\n')
    await shell.shows(/^>$/m)
    for (const [typed, shown] of [
      ['flowscale workf', /> flowscale workflows$/m],
      ['flowscale run Text\\ W', /> flowscale run Text\\ Writer$/m],
      ["flowscale run 'Text W", /> flowscale run 'Text Writer'$/m],
      ['flowscale run \\$', /> flowscale run \\\$\\\(touch\\ hacked\\\)$/m],
      ['flowscale run x image=@photo\\ ', /image=@photo\\ one\.png$/m],
      ['flowscale run x -o phot', /-o photos\/?$/m],
      ['flowscale run bncu0a1kipv te', /bncu0a1kipv text_51536=$/m],
      ['flowscale cancel ', /cancel 808f34d0-0000-4000-8000-000000000000$/m],
      ['flowscale batch x ro', /batch x rows\.csv$/m],
      ['flowscale completion f', /completion fish$/m],
    ] as const) {
      shell.type(`\x15${typed}\t`)
      await shell.shows(shown)
    }
  } finally {
    shell.child.kill('SIGKILL')
  }
})

test('fish', async () => {
  const offered = async (line: string) => {
    const code = 'flowscale completion fish | source; complete -C $argv[1]'
    const options = { cwd: folder, env: { ...env, HOME: folder } }
    const { stdout } = await promisify(execFile)('fish', ['--no-config', '-c', code, line], options)
    return stdout.trimEnd().split('\n')
  }
  for (const [line, ...expected] of [
    ['flowscale workf', 'workflows\tlist the deployed workflows and their inputs'],
    ['flowscale run Text\\ W', 'Text Writer\tt3xtwr1ter00'],
    ['flowscale run "Text W', 'Text Writer\tt3xtwr1ter00'],
    ['flowscale run \\$', '$(touch hacked)\tb'],
    ['flowscale run x image=@pho', 'image=@phone.txt', 'image=@photo one.png', 'image=@photos/'],
    ['flowscale run x -o pho', 'photos/'],
    ['flowscale run bncu0a1kipv s', 'seed=\tnumber, optional, Of the noise'],
    ['flowscale cancel ', '808f34d0-0000-4000-8000-000000000000\tb: a fox $(touch hacked)'],
    ['flowscale batch x ro', 'rows.csv'],
    ['flowscale run x pho', ''],
  ] as const) {
    assert.equal(
      (await offered(line)).map((one) => one.trimEnd()),
      expected,
      line,
    )
  }
})
