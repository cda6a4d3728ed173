import { suite } from '#test'
import { LateError } from '../../../support/until.ts'

const test = suite('late')
test('an event that does not come', () => {
  throw new LateError('no event')
})
test.skip('is left out')
test('ends the process', () => process.exit(1))
