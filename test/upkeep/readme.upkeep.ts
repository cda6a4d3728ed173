// The README stays short.
import { statSync } from 'node:fs'
import { assert, suite } from '#test'

const test = suite('README')

/** In bytes: what somebody new reads in a few minutes. */
const MOST = 9000

test(`it has at most ${MOST} bytes`, () => {
  const { size } = statSync('README.md')
  assert.ok(size <= MOST, `${size} bytes: move something to docs/`)
})
