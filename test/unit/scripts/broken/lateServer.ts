import { assert, suite } from '#test'
import { LateError } from '../../../support/until.ts'

const test = suite('late')
test.before(() => {
  throw new LateError('no server')
})
test('never reached', () => assert.ok(true))
