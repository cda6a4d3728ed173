// The emulator in the background of a script, as docs/emulator.md prints it.
import { assert, suite } from '#test'
import { runCommand } from '../../scripts/test/runFile.ts'
import { blockOf } from '../support/blockOf.ts'
import { freePort } from '../support/listen.ts'

const test = suite('the emulator in the background')

test('it runs during the command, and kill stops it', async () => {
  const url = `http://127.0.0.1:${await freePort()}/`
  const look = `const look = () => fetch('${url}').then(({ status }) => console.log(status), () => setTimeout(look, 50)); look()`
  const script = blockOf('docs/emulator.md', 'background')
    .replace('4188', new URL(url).port)
    .replace('npm test', `node -e "${look}"`)
  const { code, output } = await runCommand('sh', ['-c', `${script}\nwait $emulator`], { limitMs: 60_000 })
  assert.is(code, 0, output)
  assert.match(output, /^200$/m)
  const error = await fetch(url).catch(({ cause }) => cause)
  assert.is(error.code, 'ECONNREFUSED')
})
