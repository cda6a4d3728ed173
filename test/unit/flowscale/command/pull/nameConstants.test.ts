// The names of the constants that `flowscale pull` writes.
import { assert, suite } from '#test'
import { constantsOf } from './kit.ts'

const test = suite('names of pull')

for (const [name, expected] of [
  ['Text to Image', 'textToImage'],
  ['text_to-image', 'textToImage'],
  ['TEXT TO IMAGE', 'textToImage'],
  ['textToImage', 'textToImage'],
  ['SDXL Turbo', 'sdxlTurbo'],
  ['my HD video', 'myHDVideo'],
  ['FLUX.1 dev', 'flux1Dev'],
  ['3D model', '_3dModel'],
  ['4x', '_4x'],
  ['Größe ändern', 'größeÄndern'],
  ['Cafe\u0301', 'café'],
  ['画像 生成', '画像生成'],
  ['Сделать фото', 'сделатьФото'],
  ['صورة', 'صورة'],
  // Which of these are letters depends on the version of Node.
  ['アニメ・画像', 'アニメ画像'],
  ['my ɤ \ua7cd', 'myɤ'],
  ['🎨 Paint ❤️', 'paint'],
  ['👩‍🎨', 'a1'],
  ['', 'a1'],
  ['***', 'a1'],
  ['𝒳', 'a1'],
  ['\u0301', 'a1'],
  ['Delete', 'delete_'],
  ['await', 'await_'],
  ['Undefined', 'undefined_'],
  ['define workflow', 'defineWorkflow_'],
  ['x'.repeat(500), 'x'.repeat(60)],
] as const) {
  test(`${JSON.stringify(name.slice(0, 30))} is ${expected.slice(0, 30)}`, () =>
    assert.equal(constantsOf(['a1', name]), { a1: expected }))
}

test('an id without a letter', () => assert.equal(constantsOf(['-', '']), { '-': 'workflow' }))

test('workflows of one name all have their id behind it, in whatever order they come', () => {
  const two = { b2: 'paint_b2', a1: 'paint_a1' }
  assert.equal(constantsOf(['b2', 'Paint'], ['a1', 'paint']), two)
  assert.equal(constantsOf(['a1', 'paint'], ['b2', 'Paint']), two)
  // A third one renames none.
  assert.equal(constantsOf(['0', 'PAINT'], ['b2', 'Paint'], ['a1', 'paint']), { ...two, 0: 'paint_0' })
  assert.equal(constantsOf(['a', 'delete'], ['b', 'Delete']), { a: 'delete_a', b: 'delete_b' })
})

test('ids that differ in signs alone', () => {
  assert.equal(constantsOf(['a-b', 'Paint'], ['c', 'Paint']), { 'a-b': 'paint_a_b', c: 'paint_c' })
  assert.equal(constantsOf(['a-b', 'Paint'], ['a.b', 'Paint'], ['c', 'Paint']), {
    'a-b': 'paint_a$002db',
    'a.b': 'paint_a$002eb',
    c: 'paint_c',
  })
})

test('a name with an id behind it is no name of another workflow', () => {
  const names = constantsOf(['1', 'paint'], ['2', 'paint'], ['3', 'paint_1'], ['4', 'paint 1'])
  assert.equal(names, { 1: 'paint_1', 2: 'paint_2', 3: 'paint1_3', 4: 'paint1_4' })
})
