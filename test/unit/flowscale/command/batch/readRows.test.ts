// What a file of rows may hold, and what is said where it can't be read.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Workflow } from '@flowscale/client'
import { assert, said, suite } from '#test'
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
/** Of the last refusal, as programs get them. */
let problems: { input: string | null; message: string }[] | undefined
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

/** It ends with a usage error; what it says is in messages.txt. */
async function refused(work: Promise<unknown>): Promise<string> {
  notes.length = 0
  const error: any = await work.catch((error) => error)
  assert.instance(error, CommandError)
  problems = error.fields.problems
  assert.is(error.failure, 'usage')
  const text = [error.message, ...notes].join('\n').replaceAll(`${folder}/`, '').replaceAll(folder, 'FOLDER')
  said(text)
  return text
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

const broken: [name: string, content: string | Uint8Array][] = [
  ['empty.csv', ''],
  ['header.csv', 'prompt,seed\n'],
  ['blank.csv', 'prompt,seed\n,\n , \n'],
  ['twice.csv', 'prompt,seed,prompt\na,1,b\n'],
  ['excel.csv', 'prompt;seed\n"a ""b""";1\n'],
  ['short.csv', 'prompt,seed\na,1\n"b\nc"\n'],
  ['long.csv', 'prompt,seed\na,1,2\n'],
  ['nameless.csv', 'prompt,\na,1\n'],
  ['open.csv', 'prompt\n"a\nb\n'],
  ['later.csv', 'prompt\né\n\n"a\nb\n'],
  ['after.csv', 'prompt\n"a"b\n'],
  ['inside.csv', 'prompt\na "b"\n'],
  ['semicolon.csv', 'prompt;seed\na;1\n'],
  ['tab.csv', 'prompt\tseed\na\t1\n'],
  ['latin.csv', Uint8Array.of(112, 10, 0xe9, 10)],
  ['utf16.csv', Buffer.from('\ufeffprompt\na\n', 'utf16le')],
  ['empty.jsonl', '\n \n'],
  ['cut.jsonl', '{"prompt":"a"}\n{"prompt":\n'],
  ['list.jsonl', '{"a":1}\n[1]\n'],
  ['null.jsonl', 'null\n'],
  ['text.jsonl', '"a"\n'],
  ['twice.jsonl', '{"a":1,"a":2}\n'],
  ['array.json', '[\n{"a":1}\n]\n'],
]
for (const [name, content] of broken) {
  test(`can't be read: ${name}`, async () => {
    const text = await refused(read(name, content))
    assert.is(/[Nn]othing was submitted/.test(text), !/no rows|UTF-8/.test(text), text)
  })
}

test('no file, a folder', async () => {
  await refused(readRows(join(folder, 'none.csv'), noStdin, output))
  await refused(readRows(folder, noStdin, output))
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
  const seed = { input: 'seed', message: 'row 1 (line 2): must be a number, such as 7, -1.5 or 1e3; not "x"' }
  await refused(check('one.csv', 'prompt,seed\na,x\n'))
  assert.equal(problems, [seed])
  await refused(check('unknown.csv', 'promt\na\n'))
  await refused(check('none.jsonl', '{"image":"@nowhere.png"}'))
  assert.equal(problems, [{ input: 'image', message: 'row 1 (line 1): @nowhere.png does not exist' }])
  await writeFile(join(folder, 'empty.png'), '')
  await refused(check('nothing.jsonl', '{"image":"@empty.png"}'))
  await refused(check('twice.csv', 'seed,seed\n1,2\n'))
  assert.equal(problems, [{ input: 'seed', message: 'line 1: the column "seed" comes twice' }])
  await refused(check('short.csv', 'prompt,seed\na\n'))
  assert.equal(problems, [{ input: null, message: 'row 1 (line 2) has 1 cell, but the header has 2' }])
  await refused(check('bare.jsonl', '{"image":"cat.png"}'))
  await refused(check('many.csv', `prompt,seed\n${'a,x\n'.repeat(25)}`))
  assert.equal([notes.length, problems?.length], [11, 25], 'programs get all')
})
