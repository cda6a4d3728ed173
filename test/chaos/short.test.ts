// The numbers of `npm run test:chaos`, in small.
import { assert, suite } from '#test'
import { parts } from './parts.ts'

const test = suite('chaos')
const seed = 20261125

test('there are parts', () => {
  assert.ok(parts.length > 2)
})

for (const { name, run } of parts) {
  test(name, async () => {
    const { checks, failures, lines, skipped } = await run({ seed, scale: 'short' })
    console.log(`${name}: ${skipped ?? `${checks} checks`}\n${lines.join('\n')}`)
    assert.equal(failures, [])
    assert.ok(checks > 0 || skipped)
  })
}
