import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Inputs, Workflow } from '@flowscale/client'
import { assert, suite } from '#test'
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

/** The message of a usage error. */
async function refused(run: () => unknown): Promise<string> {
  try {
    await run()
  } catch (error) {
    const { failure, message } = error as { failure: string; message: string }
    assert.is(failure, 'usage', message)
    return message
  }
  throw new Error('nothing was refused')
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

for (const [word, pattern] of [
  ['seed=0x1f', /^seed must be a number.*"0x1f"/],
  ['seed=', /^seed must be a number.*""/],
  ['seed=NaN', /number/],
  ['seed=Infinity', /number/],
  ['seed=1_000', /number/],
  ['seed=1,5', /number/],
  ['seed=1e999', /too large/],
  ['seed=@prompt.txt', /must be a number/],
  ['seed=-', /must be a number/],
  ['flag=maybe', /^flag must be true or false, not "maybe"\.$/],
  ['flag=', /true or false/],
  ['image=photo.png', /must be an image; to send the file "photo.png", write image=@photo.png/],
  ['image=', /write image=@path/],
  ['image=@', /name of the file is missing/],
  ['image=@nope.png', /@nope\.png.*no such file|@nope\.png does not exist/],
  ['image=@.', /folder/],
  ['image=-', /stdin/],
  ['text=@nope.txt', /no such file.*@@nope\.txt/],
  ['text=@latin.txt', /not UTF-8/],
  ['txt=a', /Did you mean "text"\? It takes text, seed, flag, image, other\.$/],
] as const) {
  test(`the word ${word} is refused`, async () => {
    assert.match(await refused(() => fromWords(plain, [word])), pattern)
  })
}

for (const [word, pattern] of [
  ['steps=1.5', /whole number/],
  ['steps=0', /must be from 1 to 18446744073709552000, not 0/],
  ['steps=99999999999999999999', /must be from 1/],
  ['sampler=eular', /must be one of "euler", "ddim"; not "eular"\. Did you mean "euler"\?$/],
] as const) {
  test(`the word ${word} is refused where the server tells more`, async () => {
    assert.match(await refused(() => fromWords(told, ['text=a', word])), pattern)
  })
}

test('a name that comes again is a list where the input takes several, or nothing says otherwise', async () => {
  const urls = ['http://a/1.png', 'http://a/2.png']
  const words = urls.map((url) => `images=${url}`)
  assert.equal(await fromWords(told, ['text=a', ...words]), { text: 'a', images: urls })
  assert.equal(await fromWords(plain, ['text=a', 'text=b']), { text: ['a', 'b'] })
  assert.match(
    await refused(() => fromWords(told, ['text=a', 'text=b'])),
    /^text takes one value, not several\.$/,
  )
  assert.match(await refused(() => fromJson(told, { text: ['a'] })), /one value/)
  assert.equal(await fromJson(told, { text: 'a', images: urls }), { text: 'a', images: urls })
})

test('all that is wrong is told at once, with what is missing', async () => {
  const words = ['steps=x', 'flag=y', 'nope=1']
  assert.is(
    await refused(() => fromWords(told, words)),
    [
      'The inputs are wrong:',
      '  steps must be a number, such as 7, -1.5 or 1e3; not "x".',
      '  flag must be true or false, not "y".',
      '  nope is no input of this workflow. It takes text, steps, sampler, images, flag.',
      '  The input text is missing.',
    ].join('\n'),
  )
  const two = make({ a: 'string', b: 'number', c: 'string' }, { a: {}, b: {}, c: { required: false } })
  assert.is(await refused(() => fromWords(two, [])), 'These inputs are missing: a, b.')
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
  assert.match(await refused(() => fromWords(plain, ['image=-'], stdin(''))), /stdin was empty/)
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
  for (const [value, pattern] of [
    [{ text: 7 }, /text must be a text: put 7 in quotes/],
    [{ text: null }, /null; leave it out/],
    [{ seed: true }, /must be a number/],
    [{ seed: {} }, /must be a number/],
    [{ flag: 2 }, /true or false/],
    [{ image: 7 }, /must be an image/],
    [{ image: {} }, /must be an image/],
    [{ seed: { wrong: 'x' } }, /^seed must be a number/],
    [{ text: { wrong: 'x' } }, /^text must be a text/],
    [{ other: [[1]] }, /list in a list/],
  ] as const) {
    assert.match(await refused(() => fromJson(plain, value)), pattern)
  }
})

test('where no workflow is known, all goes as it was written, but for files', async () => {
  const inputs = await fromWords(undefined, ['seed=007', 'a=@photo.png', 'b=@@x'])
  assert.equal([inputs.seed, (inputs.a as File).name, inputs.b], ['007', 'photo.png', '@x'])
  assert.equal(await fromJson(undefined, { n: 7, o: { wrong: 'no' } }), { n: 7, o: '{"wrong":"no"}' })
})

test('words that are no inputs', async () => {
  assert.match(
    await refused(() => readPairs(['seed', '=1', 'a=b'], '')),
    /^"seed", "=1": an input is name=value/,
  )
})

for (const [text, line, column, pattern] of [
  ['', 1, 1, /value/],
  ['{"a": 1,}', 1, 9, /"," stands before "}"/],
  ['{"a": 01}', 1, 7, /"01"/],
  ['{\n  "a": tru\n}', 2, 8, /not "tru"/],
  ['{a: 1}', 1, 2, /double quotes/],
  ['{"a" 1}', 1, 6, /":"/],
  ['{"a": 1', 1, 8, /end of the text/],
  ['{"a":\n\n"x\ny"}', 3, 1, /not closed/],
  ['{"a": 1, "a": 2}', 1, 10, /comes twice/],
  ['{"a": 1e999}', 1, 7, /too large/],
  ['{} {}', 1, 4, /nothing more/],
  ['['.repeat(500), 1, 202, /nested/],
] as const) {
  test(`JSON ${JSON.stringify(text.slice(0, 20))} is refused where it is wrong`, () => {
    try {
      parseJson(text)
    } catch (error) {
      const found = error as { line: number; column: number; message: string }
      assert.equal([found.line, found.column], [line, column], found.message)
      assert.match(found.message, pattern)
      return
    }
    assert.unreachable()
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
  assert.match(
    await refused(() => readInputsFile(path)),
    /inputs\.json is not valid JSON, line 3, column 1: /,
  )
  writeFileSync(path, '[1]')
  assert.match(await refused(() => readInputsFile(path)), /must hold an object/)
  assert.match(await refused(() => readInputsFile(join(folder, 'latin.txt'))), /not UTF-8/)
  assert.match(await refused(() => readInputsFile(join(folder, 'none.json'))), /no such file/)
  assert.match(await refused(() => readInputsFile(folder)), /folder/)
})
