import { assert, suite } from '#test'

const test = suite('a hook that throws')
test.before(() => {
  throw new TypeError('no database')
})
test('never reached', () => assert.ok(true))
