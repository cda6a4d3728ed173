// Each export of each entry point has a doc comment; a function's names its errors and has an example.
import { assert, suite } from '#test'
import { documented, functions } from '../support/docComments.ts'

const test = suite('doc comments')

test('every export of every entry has one, and every method', () => {
  assert.ok(documented.length > 120)
  for (const { name, from, text, bare } of documented) {
    assert.ok(text, `${name} of ${from} has no doc comment`)
    assert.equal(bare, [], `of ${name}`)
  }
})

test('every function tells its errors, and has an example', () => {
  assert.ok(functions.length >= 25)
  for (const { name, throws, examples } of functions) {
    assert.ok(throws.some(Boolean), `${name} has no @throws`)
    assert.ok(examples.length > 0 && examples.every(Boolean), `${name} has no @example in a \`\`\`ts block`)
  }
})
