import { ArgumentError, parseWorkflow } from '@flowscale/client'
import { assert, suite, throws } from '#test'

const test = suite('parseWorkflow')
const inputs = (given: unknown) => parseWorkflow({ inputs: given, outputs: {} }).inputs
const outputs = (given: unknown) => parseWorkflow({ inputs: {}, outputs: given }).outputs

test('objects in objects and in lists', () => {
  assert.equal(inputs({ a: { type: 'image' }, b: { kind: 'video' }, c: {}, d: { type: 5 } }), {
    a: 'image',
    b: 'video',
    c: 'unknown',
    d: 'unknown',
  })
  assert.equal(outputs([{ name: 'a', type: 'image' }, { path: 'b' }, 'c']), {
    a: 'image',
    b: 'unknown',
    c: 'unknown',
  })
  assert.equal(outputs('[{"name":"a","type":"audio"}]'), { a: 'audio' })
})

test('an item of a list without a name is no input', () => {
  const list = [{}, { type: 'image' }, { name: null }, { name: '', path: 'a' }, null, true, '', [], 7, 'b']
  assert.equal(outputs(list), { a: 'unknown', 7: 'unknown', b: 'unknown' })
})

const kinds = {
  string: ['string', 'STRING', 'text', 'str'],
  number: ['number', 'integer', 'int', 'INT', 'float', 'FLOAT'],
  boolean: ['boolean', 'bool', 'BOOLEAN'],
  image: ['image', 'IMAGE'],
  video: ['video'],
  audio: ['audio'],
  file: ['file'],
  unknown: ['latent', '', 'constructor', 'toString', '__proto__', null, 5, true, [], undefined],
}
for (const [kind, words] of Object.entries(kinds)) {
  for (const word of words) {
    test(`${kind}: ${JSON.stringify(word)}`, () => assert.is(inputs({ x: word }).x, kind))
  }
}

test('names of every kind are kept', () => {
  const own = inputs(JSON.parse('{"__proto__":"image","constructor":"string"}'))
  assert.equal(Object.entries(own), [
    ['__proto__', 'image'],
    ['constructor', 'string'],
  ])
})

test('nothing, or something that holds no names', () => {
  for (const given of [undefined, null, {}, [], '{}', 'null', '5', '"text"', 5, true])
    assert.equal(inputs(given), {})
})

test('broken JSON is an error that names the field', () => {
  for (const broken of ['{', '', 'text_51536', "{'a': 'b'}"]) {
    for (const field of ['inputs', 'outputs'] as const) {
      const error = throws(() => parseWorkflow({ inputs: {}, outputs: {}, [field]: broken }), ArgumentError)
      assert.instance(error.cause, SyntaxError)
    }
  }
})

test('what is no workflow is an error', () => {
  for (const thing of [undefined, null, 'x', 5, [], () => {}])
    throws(() => parseWorkflow(thing as never), ArgumentError)
})
