// The text that `flowscale pull` writes.
import { execFileSync } from 'node:child_process'
import { assert, suite, throws } from '#test'
import { propertyOf, textOf, withInput, workflow } from './kit.ts'

const test = suite('text of pull')
const long = Array.from({ length: 9 }, (_, index) => `a_name_that_is_long_${index}`)

const several = [
  workflow({
    id: 'bncu0a1kipv',
    name: 'Text to Image',
    description: 'Generate an image\r\nfrom text input',
    inputs: '{ "text_51536": "string", "seed": "number", "image_1234": "image", "style": "string" }',
    outputs: '{ "image_output": "image" }',
    input_details: {
      text_51536: { description: 'What to see' },
      seed: { required: false, default: 7, min: 0, max: 9, integer: true },
      image_1234: { required: false },
      style: { default: 'oil', options: ['oil', "pastel's"] },
    },
  }),
  workflow({ id: 'b', name: 'Untold', inputs: { z: 'number', a: 'matrix' }, outputs: ['two', 'one'] }),
  workflow({ id: 'c', name: 'Nothing', inputs: {}, outputs: undefined }),
]

test('the whole file', () => {
  assert.snapshot(
    textOf(...several),
    `// Written by "flowscale pull": do not edit. "flowscale pull --check" fails if it is out of date.
// An input is optional if the server does not say that it is required.
// A file: await fileInput('photo.png'), of '@flowscale/client/node', a Blob, or a URL.
import type { FileInput } from '@flowscale/client'
import { defineWorkflow } from '@flowscale/client/typed'

/**
 * Nothing
 *
 * The server names no outputs: all files are under \`output\`.
 */
export const nothing = defineWorkflow<Record<string, never>, 'output'>('c', ['output'])

/**
 * Text to Image
 *
 * Generate an image
 * from text input
 */
export const textToImage = defineWorkflow<
  {
    /** What to see */
    text_51536: string
    image_1234?: FileInput
    /** Default: 7. A whole number from 0 to 9. */
    seed?: number
    /** Default: 'oil'. */
    style?: 'oil' | "pastel's"
  },
  'image_output'
>('bncu0a1kipv', ['image_output'])

/**
 * Untold
 *
 * The outputs are one, two. The server does not say which file belongs to which output: all files are under
 * \`output\`.
 */
export const untold = defineWorkflow<
  {
    a?: unknown
    z?: number
  },
  'output'
>('b', ['output'])
`,
  )
})

test('outputs have their names where the server tells that files are named after them', () => {
  const text = textOf({
    id: 'b',
    name: 'B',
    description: '',
    inputs: {},
    outputs: ['two', 'one'],
    names_files: true,
  })
  assert.match(text, "defineWorkflow<Record<string, never>, 'one' | 'two'>('b', ['one', 'two'])")
  assert.not.match(text, 'does not say')
})

test('the order of the server, of its inputs and of its outputs shows nowhere', () => {
  const [first, untold, nothing] = several as [(typeof several)[0], (typeof several)[0], (typeof several)[0]]
  const turned = { ...untold, inputs: { a: 'matrix', z: 'number' }, outputs: ['one', 'two'] }
  assert.is(textOf(nothing, turned, first), textOf(...several))
  assert.is(textOf(...several, structuredClone(first)), textOf(...several))
})

for (const [what, kind, details, expected] of [
  ['a text', 'string', {}, 'it: string'],
  ['a number', 'int', {}, 'it: number'],
  ['a boolean', 'bool', {}, 'it: boolean'],
  ['a picture', 'image', {}, 'it: FileInput'],
  ['a film', 'video', {}, 'it: FileInput'],
  ['a sound', 'audio', {}, 'it: FileInput'],
  ['a file', 'file', {}, 'it: FileInput'],
  ['another kind', 'LATENT', {}, 'it: unknown'],
  ['nothing told', 'string', undefined, 'it?: string'],
  ['not required', 'string', { required: false }, 'it?: string'],
  ['a default makes it optional', 'number', { default: 0 }, '/** Default: 0. */\nit?: number'],
  ['an empty default', 'string', { default: '' }, "/** Default: ''. */\nit?: string"],
  ['a default that is null', 'string', { default: null }, 'it: string'],
  ['several', 'string', { array: true }, 'it: string | readonly string[]'],
  ['several files', 'image', { array: true }, 'it: FileInput | readonly FileInput[]'],
  ['several of an unknown kind', 'x', { array: true }, 'it: unknown'],
  ['choices', 'string', { options: ['a', 'b', 'a'] }, "it: 'a' | 'b'"],
  ['choices of numbers', 'number', { options: [1, -2.5, 1e21] }, 'it: 1 | -2.5 | 1e+21'],
  ['several choices', 'string', { array: true, options: ['a', 1] }, "it: 'a' | 1 | readonly ('a' | 1)[]"],
  ['no choices', 'string', { options: [] }, 'it: string'],
  ['choices that are none', 'string', { options: ['a', null] }, 'it: string'],
  ['a choice that no code can hold', 'number', { options: [Number.POSITIVE_INFINITY] }, 'it: number'],
  ['known files', 'image', { options: ['a.png'] }, "/** Known: 'a.png'. */\nit: FileInput"],
  ['from', 'number', { min: 1 }, '/** From 1 up. */\nit: number'],
  ['up to', 'number', { max: 1, integer: true }, '/** A whole number up to 1. */\nit: number'],
  ['a range', 'number', { min: 0.5, max: 1 }, '/** From 0.5 to 1. */\nit: number'],
  ['whole', 'number', { integer: true }, '/** A whole number. */\nit: number'],
  ['bounds of a machine', 'number', { min: -(2 ** 63), max: 2 ** 64 }, 'it: number'],
  ['wrong types', 'number', { min: '1', max: [], integer: 1, array: 'yes', description: 3 }, 'it: number'],
  [
    'a description',
    'string',
    { description: ' Why? ', default: 'x' },
    "/** Why? Default: 'x'. */\nit?: string",
  ],
  [
    'a description without an end',
    'number',
    { description: 'Steps', min: 1 },
    '/** Steps. From 1 up. */\nit: number',
  ],
  [
    'a description of two lines',
    'number',
    { description: 'Steps\nmany', min: 1 },
    '/**\n * Steps\n * many\n *\n * From 1 up.\n */\nit: number',
  ],
  [
    'a default that is long',
    'string',
    { default: 'x'.repeat(200) },
    `/** Default: '${'x'.repeat(78)}…. */\nit?: string`,
  ],
] as const) {
  test(`an input: ${what}`, () => assert.is(propertyOf(kind, details), expected))
}

for (const [name, expected] of [
  ['text_1', 'text_1'],
  ['$', '$'],
  ['class', 'class'],
  ['größe', 'größe'],
  ['プロンプト', 'プロンプト'],
  ['on-ly', "'on-ly'"],
  ['1st', "'1st'"],
  ['', "''"],
  ["it's", `"it's"`],
  ['a\nb', "'a\\u000ab'"],
  ['a\u200db', "'a\u200db'"],
  ['\\', "'\\\\'"],
  ['__proto__', '__proto__'],
] as const) {
  test(`a key: ${JSON.stringify(name)}`, () => {
    assert.is(propertyOf('string', {}, name), `${expected}: string`)
  })
}

test('details of other inputs, of a prototype or of no form tell nothing', () => {
  for (const told of [undefined, null, 'x', [], { other: {} }, { it: null }, { it: [] }, { it: true }]) {
    assert.match(textOf({ ...withInput('string'), input_details: told }), /\n {4}it\?: string\n/)
  }
  const text = textOf({ ...withInput('string', undefined, 'constructor'), input_details: {} })
  assert.match(text, /\n {4}constructor\?: string\n/)
})

test('the note on what is optional is there only where something is not told', () => {
  assert.match(textOf(withInput('string')), /\/\/ An input is optional if/)
  assert.not.match(textOf(withInput('string', {})), /Inputs are optional/)
  assert.not.match(textOf(withInput('string', {})), /FileInput/)
})

test('texts in comments end no comment, and are neither tags nor directives', () => {
  const text = textOf(
    workflow({
      name: '*/ process.exit() /*',
      description: '@ts-ignore\n@deprecated by @internal a@b\n\n\n\n\u202eright\u0007\ttab\n*/\n/ end',
    }),
  )
  const [, comment] = text.split('\n\n')
  assert.is(
    text.slice(text.indexOf('/**'), text.indexOf('export')),
    `/**
 * *\\/ process.exit() /*
 *
 * \\@ts-ignore
 * \\@deprecated by \\@internal a@b
 *
 * right tab
 * *\\/
 * / end
 */
`,
  )
  assert.ok(comment)
})

test('long texts are wrapped, wide ones too; a word that is longer is left whole', () => {
  const description = `${'word '.repeat(40)}${'長い'.repeat(10)} `.repeat(3) + 'x'.repeat(200)
  const lines = textOf(workflow({ description })).split('\n')
  assert.ok(lines.filter((line) => line.startsWith(' * word')).length > 3)
  assert.equal(
    lines.filter((line) => line.length > 110),
    [` * ${'x'.repeat(200)}`],
  )
})

test('formatters leave the file as it is', () => {
  const unusual = [
    ...several,
    workflow({ id: 'd', name: 'D', inputs: {}, outputs: long }),
    workflow({ id: 'e', name: 'E', outputs: long }),
    workflow({ id: 'e5', name: 'Outputs that fit', outputs: long.slice(0, 4) }),
    workflow({ id: 'nev3rend5run', name: 'Never Ends', inputs: {}, outputs: ['image_output'] }),
    workflow({ id: 'f', name: 'F', inputs: {}, outputs: long.slice(0, 2) }),
    workflow({ id: 'f6', name: 'F6', inputs: {}, outputs: [long.join('')] }),
    workflow({
      id: 'g',
      name: 'G',
      inputs: { 'on-ly': 'string', größe: 'image', style: 'string', styles: 'string', few: 'string' },
      input_details: {
        style: { options: long, description: 'word '.repeat(60) },
        styles: { options: [...long, "it's", '"', '\\'], array: true },
        few: { options: long.slice(0, 3), array: true },
      },
    }),
    withInput('image', { array: true }, 'a'.repeat(99)),
  ]
  const text = textOf(...unusual)
  const biome = ['node_modules/@biomejs/biome/bin/biome', 'format', '--stdin-file-path=workflows.ts']
  assert.is(execFileSync(process.execPath, biome, { input: text, encoding: 'utf8' }), text)
  const wide = text.split('\n').filter((line) => line.length > 110)
  assert.ok(
    wide.every((line) => line.includes(long.join('')) || line.includes('a'.repeat(99))),
    wide.join('\n'),
  )
})

test('what can’t be read names the workflow; a list that no file can hold is refused', () => {
  for (const own of [{ inputs: '{ "text":' }, { outputs: '{' }, { id: '' }, { id: '..' }])
    throws(() => textOf(workflow(own)), Error)
  throws(() => textOf(workflow(), workflow({ name: 'Other' })), Error)
})
