import { errors } from 'playwright-core'
import { suite } from '#test'
import { LateError } from '../../../support/until.ts'

const test = suite('late')
test('an event that does not come', () => {
  throw new LateError('no event')
})
test('a page that does not load', () => {
  throw new errors.TimeoutError('no page')
})
