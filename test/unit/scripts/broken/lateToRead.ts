import { suite } from '#test'
import { LateError } from '../../../support/until.ts'

await Promise.reject(new LateError('no server'))
suite('late')('never reached', () => {})
