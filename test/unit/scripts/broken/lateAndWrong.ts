import { assert, suite } from '#test'
import { LateError } from '../../../support/until.ts'

const test = suite('late')
test('an event that does not come', () => {
  throw new LateError('no event')
})
test('a value', () => assert.is(1, 2))
