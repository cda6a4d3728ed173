import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Inputs, Workflow } from '@flowscale/client'
import { assert, said, suite, throws } from '#test'
import { CommandError } from '../../../../packages/flowscale/src/command/errors.ts'
import type { ReadStdin } from '../../../../packages/flowscale/src/command/files.ts'
import { parseJson } from '../../../../packages/flowscale/src/command/inputs/parseJson.ts'
import {
  type Given,
  readInputsFile,
  readPairs,
} from '../../../../packages/flowscale/src/command/inputs/readGiven.ts'
import { inputsError, toInputs } from '../../../../packages/flowscale/src/command/inputs/toInputs.ts'

const test = suite('command inputs')

const folder = mkdtempSync(join(tmpdir(), 'flowscale-inputs-'))
test.after(() => rmSync(folder, { recursive: true }))
writeFileSync(join(folder, 'photo.png'), '\x89PNG')
writeFileSync(join(folder, 'prompt.txt'), '\ufeffa fox,\nrunning\r\n')
writeFileSync(join(folder, 'latin.txt'), Buffer.from([0x66, 0xfc, 0x72]))

const make = (inputs: object, input_details?: object): Workflow => ({
  id: 'w',
  name: 'W',
  description: '',
  inputs: JSON.stringify(inputs),
  outputs: '{}',
  ...(input_details && { input_details }),
})
/** As the published API tells it: kinds, and no more. */
const plain = make({ text: 'string', seed: 'number', flag: 'boolean', image: 'image', other: 'conditioning' })
/** As a gateway tells it. */
const told = make(
  { text: 'string', steps: 'number', sampler: 'string', images: 'image', flag: 'boolean' },
  {
    text: {},
    steps: { required: false, min: 1, max: 2 ** 64, integer: true },
    sampler: { required: false, options: ['euler', 'ddim'] },
    images: { array: true, required: false },
    flag: { required: false },
  },
)

/** The inputs, or the error of which `run` makes its exit code. */
async function checked(...args: Parameters<typeof toInputs>): Promise<Inputs> {
  const { inputs, problems } = await toInputs(...args)
  if (problems.length) throw inputsError(problems, { isJson: true, note() {} })
  return inputs
}
const fromWords = (workflow: Workflow | undefined, words: string[], readStdin?: ReadStdin) =>
  checked(workflow, readPairs(words, folder), readStdin)
const fromJson = (workflow: Workflow | undefined, json: object) =>
  checked(
    workflow,
    new Map(Object.entries(json).map(([name, json]): [string, Given[]] => [name, [{ json, folder }]])),
  )

/** It ends with a usage error; what it says is in messages.txt. */
async function refused(run: () => unknown): Promise<void> {
  const error: any = await Promise.resolve()
    .then(run)
    .catch((error) => error)
  assert.instance(error, CommandError)
  assert.is(error.failure, 'usage')
  said(error.message.replaceAll(folder, 'FOLDER'))
}

for (const [word, value] of [
  ['text=007', '007'],
  ['text=', ''],
  ['text=a=b', 'a=b'],
  ['text=@@home', '@home'],
  ['text=@prompt.txt', 'a fox,\nrunning'],
  ['seed=7', 7],
  ['seed=-1.5', -1.5],
  ['seed=1e3', 1000],
  ['seed= +4 ', 4],
  ['seed=.5', 0.5],
  ['seed=18446744073709551615', 18446744073709551615n],
  ['seed=-18446744073709551615', -18446744073709551615n],
  ['seed=+18446744073709551615', 18446744073709551615n],
  ['flag=true', true],
  ['flag=No', false],
  ['flag=1', true],
  ['flag=0', false],
  ['image=https://example.com/a.png', 'https://example.com/a.png'],
  ['image=data:image/png;base64,AA==', 'data:image/png;base64,AA=='],
  ['other=007', '007'],
  ['other=@@x', '@x'],
] as const) {
  test(`the word ${word}`, async () => {
    const inputs = await fromWords(plain, [word])
    assert.equal(Object.values(inputs), [value])
  })
}

for (const word of [
  'seed=0x1f',
  'seed=',
  'seed=NaN',
  'seed=Infinity',
  'seed=1_000',
  'seed=1,5',
  'seed=1e999',
  'seed=@prompt.txt',
  'seed=-',
  'flag=maybe',
  'flag=',
  'image=photo.png',
  'image=',
  'image=@',
  'image=@nope.png',
  'image=@.',
  'image=-',
  'text=@nope.txt',
  'text=@latin.txt',
  'txt=a',
]) {
  test(`the word ${word} is refused`, () => refused(() => fromWords(plain, [word])))
}

for (const word of ['steps=1.5', 'steps=0', 'steps=99999999999999999999', 'sampler=eular']) {
  test(`the word ${word} is refused where the server tells more`, () =>
    refused(() => fromWords(told, ['text=a', word])))
}

test('a name that comes again is a list where the input takes several, or nothing says otherwise', async () => {
  const urls = ['http://a/1.png', 'http://a/2.png']
  const words = urls.map((url) => `images=${url}`)
  assert.equal(await fromWords(told, ['text=a', ...words]), { text: 'a', images: urls })
  assert.equal(await fromWords(plain, ['text=a', 'text=b']), { text: ['a', 'b'] })
  await refused(() => fromWords(told, ['text=a', 'text=b']))
  await refused(() => fromJson(told, { text: ['a'] }))
  assert.equal(await fromJson(told, { text: 'a', images: urls }), { text: 'a', images: urls })
})

test('all that is wrong is told at once, with what is missing', async () => {
  const words = ['steps=x', 'flag=y', 'nope=1']
  await refused(() => fromWords(told, words))
  const two = make({ a: 'string', b: 'number', c: 'string' }, { a: {}, b: {}, c: { required: false } })
  await refused(() => fromWords(two, []))
  assert.equal(await fromWords(plain, []), {}, 'where nothing is told, nothing is missing')
})

test('a file is a Blob with its name and type', async () => {
  const { image } = (await fromWords(plain, ['image=@photo.png'])) as { image: File }
  assert.is(image.name, 'photo.png')
  assert.is(image.size, 5)
})

test('stdin is a text or a file, by the kind of its input', async () => {
  const png = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')
  const asked: string[] = []
  const stdin = (bytes: string | Buffer) => async (input: string) => {
    asked.push(input)
    return Buffer.from(bytes as string)
  }
  assert.equal(await fromWords(plain, ['text=-'], stdin('a fox\n\n')), { text: 'a fox\n' })
  const { image } = (await fromWords(plain, ['image=-'], stdin(png))) as { image: File }
  assert.equal([image.name, image.type, image.size], ['stdin.png', 'image/png', 8])
  await refused(() => fromWords(plain, ['image=-'], stdin('')))
  assert.equal(asked, ['text', 'image', 'image'])
})

test('values of JSON are as they are, and text of a file kind is as on a command line', async () => {
  const big = 18446744073709551615n
  const json = { text: '@prompt.txt', seed: big, flag: false, other: { deep: [1, big] } }
  assert.equal(await fromJson(plain, json), {
    ...json,
    other: '{"deep":[1,18446744073709551615]}',
  })
  assert.equal(await fromJson(plain, { seed: '7', flag: 'yes' }), { seed: 7, flag: true })
  const { image } = (await fromJson(plain, { image: '@photo.png' })) as { image: File }
  assert.is(image.name, 'photo.png')
  for (const value of [
    { text: 7 },
    { text: null },
    { seed: true },
    { seed: {} },
    { flag: 2 },
    { image: 7 },
    { image: {} },
    { seed: { wrong: 'x' } },
    { text: { wrong: 'x' } },
    { other: [[1]] },
  ]) {
    await refused(() => fromJson(plain, value))
  }
})

test('where no workflow is known, all goes as it was written, but for files', async () => {
  const inputs = await fromWords(undefined, ['seed=007', 'a=@photo.png', 'b=@@x'])
  assert.equal([inputs.seed, (inputs.a as File).name, inputs.b], ['007', 'photo.png', '@x'])
  assert.equal(await fromJson(undefined, { n: 7, o: { wrong: 'no' } }), { n: 7, o: '{"wrong":"no"}' })
})

test('words that are no inputs', () => refused(() => readPairs(['seed', '=1', 'a=b'], '')))

for (const [text, line, column] of [
  ['', 1, 1],
  ['{"a": 1,}', 1, 9],
  ['{"a": 01}', 1, 7],
  ['{\n  "a": tru\n}', 2, 8],
  ['{a: 1}', 1, 2],
  ['{"a" 1}', 1, 6],
  ['{"a": 1', 1, 8],
  ['{"a":\n\n"x\ny"}', 3, 1],
  ['{"a": 1, "a": 2}', 1, 10],
  ['{"a": 1e999}', 1, 7],
  ['{} {}', 1, 4],
  ['['.repeat(500), 1, 202],
] as const) {
  test(`JSON ${JSON.stringify(text.slice(0, 20))} is refused where it is wrong`, () => {
    throws(() => parseJson(text), Error, { line, column })
  })
}

test('JSON is read as JSON.parse does', () => {
  for (const text of [
    ' {"a": [1, -0.5, 1E+2, true, false, null, "\\u00e9\\n", {}, []]} ',
    '{"__proto__": 1, "": 2}',
    '9007199254740991',
  ]) {
    assert.equal(parseJson(text), JSON.parse(text))
  }
})

test('a file of inputs may hold a picture as a long data URL', async () => {
  const path = join(folder, 'picture.json')
  // Regular expressions of V8 give up at 8.4 million characters of a text in quotes.
  const image = `data:image/png;base64,${'A'.repeat(12_000_000)}`
  writeFileSync(path, JSON.stringify({ image }))
  assert.equal(await checked(plain, await readInputsFile(path)), { image })
})

test('a file of inputs', async () => {
  const path = join(folder, 'inputs.json')
  writeFileSync(path, '\ufeff{"seed": 7, "image": "@photo.png"}')
  const given = await readInputsFile(path)
  assert.is(((await checked(plain, given)).image as File).name, 'photo.png')
  writeFileSync(path, '{\n  "seed": 7,\n}')
  await refused(() => readInputsFile(path))
  writeFileSync(path, '[1]')
  await refused(() => readInputsFile(path))
  await refused(() => readInputsFile(join(folder, 'latin.txt')))
  await refused(() => readInputsFile(join(folder, 'none.json')))
  await refused(() => readInputsFile(folder))
})
