// The kept bugs of `npm run test:mutants` still apply, so that a change of the sources takes them along.
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { assert, suite } from '#test'

const test = suite('mutants')
const patches = readdirSync('test/mutants').filter((file) => file.endsWith('.patch'))

test('there are some', () => assert.ok(patches.length >= 12))
for (const file of patches) {
  test(file, () => {
    const { status, stderr } = spawnSync('git', ['apply', '--check', `test/mutants/${file}`], {
      encoding: 'utf8',
    })
    assert.is(status, 0, stderr)
  })
}
