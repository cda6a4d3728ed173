// What a file of rows may hold, and what is said where it can't be read.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Workflow } from '@flowscale/client'
import { assert, suite } from '#test'
import { checkRows } from '../../../../../packages/flowscale/src/command/batch/checkRows.ts'
import { readRows } from '../../../../../packages/flowscale/src/command/batch/readRows.ts'
import { CommandError } from '../../../../../packages/flowscale/src/command/errors.ts'

const test = suite('rows of a batch')
const folder = await mkdtemp(join(tmpdir(), 'flowscale-rows-'))
test.after(() => rm(folder, { recursive: true }))

const encode = (text: string) => new TextEncoder().encode(text)
const stdinOf = (text: string) => async () => encode(text)
const noStdin = () => Promise.reject(new Error('stdin was read'))

async function read(name: string, content: string | Uint8Array) {
  const path = join(folder, name)
  await writeFile(path, content)
  return readRows(path, noStdin, output)
}

const notes: string[] = []
const output = { note: (line: string) => void notes.push(line) }
const cellsOf = ({ rows }: { rows: readonly { cells: ReadonlyMap<string, unknown> }[] }) =>
  rows.map(({ cells }) => Object.fromEntries(cells))

const workflow: Workflow = {
  id: 'w',
  name: 'W',
  description: '',
  inputs: { prompt: 'string', seed: 'number', image: 'image' },
  outputs: ['image'],
}

async function failureOf(work: Promise<unknown>): Promise<string> {
  notes.length = 0
  const error = await work.then(
    () => assert.unreachable('it was read'),
    (error) => error,
  )
  assert.instance(error, CommandError)
  assert.is(error.failure, 'usage')
  return [error.message, ...notes].join('\n').replaceAll(`${folder}/`, '')
}

test('CSV: a mark at the beginning, line ends of Windows, quotes, line breaks, empty lines and cells', async () => {
  const text =
    '\ufeffprompt, seed ,image\r\n"a, ""b""",007,\r\n\r\n"two\r\nlines",,@cat.png\r\n,,\r\n  last ,1,"x"\r\n'
  const table = await read('rows.csv', text)
  assert.equal(cellsOf(table), [
    { prompt: 'a, "b"', seed: '007' },
    { prompt: 'two\nlines', image: '@cat.png' },
    { prompt: '  last ', seed: '1', image: 'x' },
  ])
  assert.equal(
    table.rows.map(({ row, line }) => [row, line]),
    [
      [1, 2],
      [2, 4],
      [3, 7],
    ],
  )
  assert.is(table.folder, folder)
})

test('CSV: without a line end at the end, with those of old Macs, with a column that is empty throughout', async () => {
  assert.equal(cellsOf(await read('a.csv', 'prompt\na\nb')), [{ prompt: 'a' }, { prompt: 'b' }])
  assert.equal(cellsOf(await read('b.csv', 'prompt\ra\rb\r')), [{ prompt: 'a' }, { prompt: 'b' }])
  assert.equal(cellsOf(await read('c.csv', 'prompt,\na,\n')), [{ prompt: 'a' }])
})

test('JSONL: values as they are, no input for null, empty lines, large numbers', async () => {
  const text = '{"prompt":"","seed":12345678901234567890}\r\n\n  {"prompt":null,"flag":true}\n{}\n'
  const table = await read('rows.jsonl', text)
  assert.equal(cellsOf(table), [{ prompt: '', seed: 12345678901234567890n }, { flag: true }, {}])
  assert.equal(
    table.rows.map(({ line }) => line),
    [1, 3, 4],
  )
})

test('stdin, and names that tell nothing: the first character decides', async () => {
  assert.equal(cellsOf(await readRows('-', stdinOf('{"prompt":"a"}\n'), output)), [{ prompt: 'a' }])
  assert.equal(cellsOf(await readRows('-', stdinOf('prompt\na\n'), output)), [{ prompt: 'a' }])
  assert.is((await readRows('-', stdinOf('prompt\na\n'), output)).folder, process.cwd())
  assert.equal(cellsOf(await read('rows.txt', '\ufeff {"prompt":"a"}')), [{ prompt: 'a' }])
  assert.equal(cellsOf(await read('odd.csv', '{a}\nb\n')), [{ '{a}': 'b' }])
})

const broken: [name: string, content: string | Uint8Array, message: RegExp][] = [
  ['empty.csv', '', /^empty\.csv has no rows\.$/],
  ['header.csv', 'prompt,seed\n', /^header\.csv has no rows\.$/],
  ['blank.csv', 'prompt,seed\n,\n , \n', /^blank\.csv has no rows\.$/],
  ['twice.csv', 'prompt,seed,prompt\na,1,b\n', /line 1: the column "prompt" comes twice/],
  [
    'excel.csv',
    'prompt;seed\n"a ""b""";1\n',
    /the columns of the header "prompt;seed" must be separated by commas/,
  ],
  ['short.csv', 'prompt,seed\na,1\n"b\nc"\n', /row 2 \(line 3\) has 1 cell, but the header has 2/],
  ['long.csv', 'prompt,seed\na,1,2\n', /row 1 \(line 2\) has 3 cells, but the header has 2/],
  ['nameless.csv', 'prompt,\na,1\n', /line 1: column 2 has cells, but no name/],
  ['open.csv', 'prompt\n"a\nb\n', /line 2: the row that begins here opens a quote/],
  ['later.csv', 'prompt\né\n\n"a\nb\n', /line 4: the row that begins here opens a quote/],
  ['after.csv', 'prompt\n"a"b\n', /line 2: text stands after a closing quote/],
  ['inside.csv', 'prompt\na "b"\n', /line 2: a quote stands in a cell that is not in quotes/],
  ['semicolon.csv', 'prompt;seed\na;1\n', /"prompt;seed" must be separated by commas/],
  ['tab.csv', 'prompt\tseed\na\t1\n', /must be separated by commas/],
  ['latin.csv', Uint8Array.of(112, 10, 0xe9, 10), /is not UTF-8 text: save it as "CSV UTF-8"/],
  ['utf16.csv', Buffer.from('\ufeffprompt\na\n', 'utf16le'), /is not UTF-8 text/],
  ['empty.jsonl', '\n \n', /^empty\.jsonl has no rows\.$/],
  ['cut.jsonl', '{"prompt":"a"}\n{"prompt":\n', /line 2, column \d+: a value should stand here/],
  ['list.jsonl', '{"a":1}\n[1]\n', /line 2 must hold an object/],
  ['null.jsonl', 'null\n', /line 1 must hold an object/],
  ['text.jsonl', '"a"\n', /line 1 must hold an object/],
  ['twice.jsonl', '{"a":1,"a":2}\n', /line 1, column \d+: the name "a" comes twice/],
  ['array.json', '[\n{"a":1}\n]\n', /has 2 errors[\s\S]*line 1, column[\s\S]*line 3, column/],
]
for (const [name, content, message] of broken) {
  test(`can't be read: ${name}`, async () => {
    const said = await failureOf(read(name, content))
    assert.match(said, message)
    if (!/no rows|UTF-8/.test(said)) assert.match(said, /[Nn]othing was submitted/)
  })
}

test('no file, a folder', async () => {
  assert.match(
    await failureOf(readRows(join(folder, 'none.csv'), noStdin, output)),
    /none\.csv: there is no such file/,
  )
  assert.match(await failureOf(readRows(folder, noStdin, output)), /this is a folder/)
})

const circumstances = { signal: new AbortController().signal, print: output }
const check = async (name: string, content: string) =>
  checkRows(workflow, await read(name, content), circumstances)

test('inputs get the kinds of the workflow; a text is never a file', async () => {
  await writeFile(join(folder, 'cat.png'), 'meow')
  const items = await check(
    'kinds.csv',
    'prompt,seed,image\n@home,7,@cat.png\n-,,https://example.com/a.png\n',
  )
  assert.is(items[0]!.inputs.prompt, '@home')
  assert.is(items[0]!.inputs.seed, 7)
  assert.is((items[0]!.inputs.image as { name?: string }).name, 'cat.png')
  assert.is(await (items[0]!.inputs.image as Blob).text(), 'meow')
  assert.equal(items[1]!.inputs, { prompt: '-', image: 'https://example.com/a.png' })
})

test('a hash tells names, values, kinds and the content of files, and not where a file lies', async () => {
  await writeFile(join(folder, 'cat.png'), 'meow')
  const hashOf = async (name: string, content: string) => (await check(name, content))[0]!.hash
  const first = await hashOf('a.csv', 'prompt,seed,image\na,7,@cat.png\n')
  assert.is(await hashOf('b.csv', 'image,seed,prompt\n@./cat.png,7,a\n'), first)
  assert.is(await hashOf('c.jsonl', '{"prompt":"a","seed":7,"image":"@cat.png"}'), first)
  assert.is.not(await hashOf('d.csv', 'prompt,seed,image\na,8,@cat.png\n'), first)
  assert.is.not(await hashOf('e.csv', 'prompt,seed,image\na,,@cat.png\n'), first)
  await writeFile(join(folder, 'cat.png'), 'purr')
  assert.is.not(await hashOf('f.csv', 'prompt,seed,image\na,7,@cat.png\n'), first)
})

test('wrong values: each names its row, line and column; ten are shown', async () => {
  const one = await failureOf(check('one.csv', 'prompt,seed\na,x\n'))
  assert.match(one, /^one\.csv, row 1 \(line 2\), seed: must be a number.* Nothing was submitted\.$/)
  const unknown = await failureOf(check('unknown.csv', 'promt\na\n'))
  assert.match(unknown, /row 1 \(line 2\), promt: is no input of this workflow\. Did you mean "prompt"\?/)
  const none = await failureOf(check('none.jsonl', '{"image":"@nowhere.png"}'))
  assert.match(none, /row 1 \(line 1\), image: @nowhere\.png/)
  const bare = await failureOf(check('bare.jsonl', '{"image":"cat.png"}'))
  assert.match(bare, /image: must be an image; .*@cat\.png/)
  const many = await failureOf(check('many.csv', `prompt,seed\n${'a,x\n'.repeat(25)}`))
  assert.match(many, /^many\.csv has 25 errors\. Nothing was submitted\.$/m)
  assert.is(many.match(/must be a number/g)?.length, 10)
  assert.match(many, /… and 15 more\./)
})
