import { suite } from '#test'
import { LateError } from '../../../support/until.ts'

const test = suite('late')
test('leaves a promise', () => {
  void Promise.reject(new LateError('no event'))
})
