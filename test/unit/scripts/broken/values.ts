import { assert, suite } from '#test'

const test = suite('values')
test.after.each(() => {
  throw new Error('not cleaned up')
})
test('is not ok', () => assert.ok(0))
test('is no error', () => {
  throw 'a text'
})
