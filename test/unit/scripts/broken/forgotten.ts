import { assert, suite } from '#test'

const test = suite('runs')
test('passes', () => {
  assert.ok(true)
  suite('too late')
})
suite('has no case')
const other = suite('was never started by hand')
other('fails', () => assert.equal({ a: 1 }, { a: 2 }))
