import { readdirSync, readFileSync } from 'node:fs'
import { deflateSync } from 'node:zlib'
import { assert, rejects, said, suite } from '#test'
import { chooseGraph } from '../../../packages/gateway/src/comfyui/chooseGraph.ts'
import { readContent } from '../../../packages/gateway/src/readContent.ts'
import { parseJson } from '../../../packages/gateway/src/workflowJson.ts'
import { rejection } from '../../support/fakes.ts'
import { box, comments, element, flac, glb, ogg } from '../../support/media.ts'
import { png, pngChunk, pngWith, webp } from '../../support/png.ts'
import { classes, links, node, saved } from './comfyui/editor/kit.ts'

const test = suite('files of a folder of workflows')

const workflow = saved(node(1, 'Flag', [true]))
const prompt = {
  1: { class_type: 'Flag', inputs: { on: true } },
  9: { class_type: 'Save', inputs: { images: ['1', 0], filename_prefix: 'ComfyUI' } },
}
const [texts, found] = [
  { prompt: JSON.stringify(prompt), workflow: JSON.stringify(workflow) },
  { prompt, workflow },
]

const utf8 = JSON.stringify(saved(node(1, 'Text', ['é 猫'])))
const files: [what: string, bytes: Buffer, expected: unknown][] = [
  ['the API format', Buffer.from(texts.prompt), { prompt }],
  ['the body of a request to ComfyUI', Buffer.from(JSON.stringify({ prompt })), { prompt }],
  ['the format of the editor, after a byte order mark', Buffer.from(`\ufeff${texts.workflow}`), { workflow }],
  ['a PNG with both', pngWith(found), found],
  [
    'a PNG with compressed text',
    png(pngChunk('zTXt', Buffer.concat([Buffer.from('prompt\0\0'), deflateSync(texts.prompt)]))),
    { prompt, workflow: undefined },
  ],
  [
    'a PNG with text in UTF-8',
    png(pngChunk('iTXt', Buffer.from(`workflow\0\0\0de\0Datei\0${utf8}`))),
    { prompt: undefined, workflow: JSON.parse(utf8) },
  ],
  [
    'a PNG with compressed text in UTF-8',
    png(pngChunk('iTXt', Buffer.concat([Buffer.from('workflow\0\x01\0\0\0'), deflateSync(utf8)]))),
    { prompt: undefined, workflow: JSON.parse(utf8) },
  ],
  [
    'a WebP, big end first',
    webp([`prompt:${texts.prompt}`, `workflow:${utf8}`], true),
    { prompt, workflow: JSON.parse(utf8) },
  ],
  [
    'a WebP, little end first',
    webp([`Workflow:${utf8}`], false, 'Exif\0\0'),
    { prompt: undefined, workflow: JSON.parse(utf8) },
  ],
]
for (const [what, bytes, expected] of files) {
  test(what, async () => assert.equal(await readContent(bytes), expected))
}

// Made by ffmpeg 7.1, whose library ComfyUI takes, too: `ffmpeg -f lavfi -i color=red:s=16x16:d=0.1 -metadata prompt=…
// -metadata workflow=… -movflags use_metadata_tags names.mp4`. The files of `comment` have what Video Helper Suite writes.
const media = 'test/support/media'
const inMedia = {
  prompt: { 1: { class_type: 'Flag', inputs: { on: true, text: 'é 猫; = # \\ "\n' } } },
  workflow: { nodes: [], links: [], version: 0.4 },
}
for (const name of readdirSync(media)) {
  test(`a file with a workflow: ${name}`, async () =>
    assert.equal(await readContent(readFileSync(`${media}/${name}`)), inMedia))
}
const models: [what: string, extras: object][] = [
  ['texts', texts],
  ['values', found],
]
for (const [what, extras] of models) {
  test(`a GLB with a workflow as ${what}`, async () =>
    assert.equal(await readContent(glb({ extras })), found))
}
test('a sound whose texts are in several pages', async () => {
  const long = { ...prompt, 2: { class_type: 'Text', inputs: { text: '猫'.repeat(100_000) } } }
  const tags = comments(`Prompt=${JSON.stringify(long)}`, `WORKFLOW=${texts.workflow}`)
  const bytes = ogg(Buffer.from('OpusHead'), Buffer.concat([Buffer.from('OpusTags'), tags]))
  assert.equal(await readContent(bytes), { prompt: long, workflow })
})

for (const [what, bytes] of [
  ['a PNG without a workflow', png()],
  ['a cut PNG', png(pngChunk('tEXt', Buffer.from('prompt'))).subarray(0, 60)],
  ['a WebP without a workflow', webp(['Canon'], true)],
  ['a cut WebP', webp([`prompt:${texts.prompt}`], true).subarray(0, 38)],
  ['a JPEG', Buffer.from('\xff\xd8\xff\xe0', 'latin1')],
  ['nothing', Buffer.alloc(0)],
  ['an MP4 without a workflow', box('ftyp', Buffer.from('isom'))],
  [
    'a cut MP4',
    Buffer.concat([box('ftyp'), box('moov', box('udta', Buffer.from('\0\0\0\x09meta\0')))]).subarray(0, -1),
  ],
  ['a WebM without a workflow', Buffer.from('1a45dfa380', 'hex')],
  ['a cut WebM', readFileSync(`${media}/names.webm`).subarray(0, 60)],
  ['a FLAC with another comment', flac(comments('comment={"a":1}', 'comment={"', 'title=prompt'))],
  ['a cut FLAC', flac(comments('prompt={}')).subarray(0, -11)],
  ['a cut Ogg', ogg(Buffer.from('OpusHead'), Buffer.alloc(300)).subarray(0, 200)],
  ['an MP3 of an earlier version', Buffer.from('ID3\x02\0\0\0\0\0\0')],
  ['a GLB without a workflow', glb({ extras: { prompt: null } })],
] as const) {
  test(`an error says what it is: ${what}`, () => rejects(readContent(bytes), Error))
}

test('whole numbers that JavaScript can not hold stay text', () => {
  const text =
    '{"a": 18446744073709551615, "b": [-9007199254740993, 9007199254740991], "c": "18446744073709551615", "d": 0.1234567890123456, "e": 1e20, "f": NaN, "g": -Infinity, "h\\"": "NaN \\\\"}'
  assert.equal(parseJson(text), {
    a: '18446744073709551615',
    b: ['-9007199254740993', 9007199254740991],
    c: '18446744073709551615',
    d: 0.1234567890123456,
    e: 1e20,
    f: null,
    g: null,
    'h"': 'NaN \\',
  })
})

const chosen = (own: unknown, edited: unknown): any => chooseGraph({ prompt: own, workflow: edited }, classes)

test('with both inside, the workflow is used if it says the same', () => {
  const titled = saved(node(1, 'Flag', [true], {}, { title: 'On' }))
  assert.is(chosen(prompt, titled).graph['1']._meta.title, 'On')
  assert.equal(chosen(prompt, titled).notes, [])
  // What no output needs, and what the class does not know, makes no difference.
  const more = {
    ...prompt,
    1: { class_type: 'Flag', inputs: { on: true, upload: 'x' } },
    5: { class_type: 'Flag', inputs: {} },
  }
  assert.is(chosen(more, titled).graph['1']._meta.title, 'On')
  const second = [node(5, 'Save', ['x'], { images: 1 })]
  for (const other of [
    saved(node(1, 'Flag', [false])),
    saved(node(1, 'Gone', [1])),
    saved(node(1, 'Switch', undefined)),
    saved(node(1, 'Tags', [['a']])),
    saved(node(1, 'Flag', [true]), second, links([1, 0, 5])),
  ]) {
    const { graph, notes } = chosen(prompt, other)
    assert.equal([graph, notes.length], [prompt, 1])
    said(notes[0])
  }
})

test('a prompt without a required value gets the one of the class', () => {
  const { graph, notes } = chosen(
    { ...prompt, 1: { class_type: 'Make', inputs: { seed: 1, steps: 2 } } },
    undefined,
  )
  assert.equal(graph['1'].inputs, { seed: 1, steps: 2, size: 1.5 })
  assert.is(notes.length, 1)
})

test('JSON that is cut in a text or full of escapes', async () => {
  for (const more of ['', '"b":NaN,']) {
    assert.instance(
      await rejection(readContent(Buffer.from(`{${more}"a":"${'\\"'.repeat(200_000)}`))),
      SyntaxError,
    )
    const { prompt } = await readContent(Buffer.from(`{${more}"a":"${'\\n'.repeat(2_000_000)}\\\\"}`))
    assert.is((prompt as { a: string }).a.length, 2_000_001)
  }
})

/** A text of many spaces and `{}`. */
const packed = (key: string, megabytes: number): Buffer => {
  const text = Buffer.concat([Buffer.alloc(megabytes * 2 ** 20, 32), Buffer.from('{}')])
  return pngChunk('zTXt', Buffer.concat([Buffer.from(`${key}\0\0`), deflateSync(text)]))
}
const many = (count: number): unknown[] => Array.from({ length: count }, (_, id) => node(id, 'Flag', [true]))
const webm = (tags: Buffer): Buffer =>
  Buffer.concat([Buffer.from('1a45dfa380', 'hex'), element('18538067', element('1254c367', tags))])
const large: [what: string, bytes: () => Buffer][] = [
  ['a text of more than 64 MB', () => png(packed('prompt', 65))],
  ['two texts of more than 64 MB', () => png(packed('prompt', 33), packed('workflow', 33))],
  ['20,001 nodes', () => Buffer.from(JSON.stringify({ nodes: many(20_001) }))],
  ['20,001 nodes of the API', () => Buffer.from(JSON.stringify({ ...many(20_001) }))],
  ['100,001 large numbers', () => Buffer.from(`[${'12345678901234567,'.repeat(100_001)}0]`)],
  [
    '20,001 nodes with those of subgraphs',
    () =>
      Buffer.from(JSON.stringify({ nodes: many(1), definitions: { subgraphs: [{ nodes: many(20_000) }] } })),
  ],
  ['100,001 boxes', () => Buffer.concat([box('ftyp'), ...Array(100_001).fill(box('free'))])],
  ['100,001 comments', () => flac(comments(...Array(100_001).fill('A=')))],
  ['100,001 elements', () => webm(element('7373', Buffer.from('67c880'.repeat(100_001), 'hex')))],
  ['a packet of more than 64 MB', () => ogg(Buffer.from('OpusHead'), Buffer.alloc(65 * 2 ** 20))],
  ['texts of more than 64 MB', () => Buffer.from('glTF\0\0\0\0\0\0\0\0\xff\xff\xff\xff', 'latin1')],
]
for (const [what, bytes] of large) {
  test(`a file must not hold up the gateway: ${what}`, () => rejects(readContent(bytes()), Error))
}

/** How many bytes are decoded while a file is read, for each of its bytes. */
async function decodedFor(bytes: Buffer): Promise<number> {
  const { decode } = TextDecoder.prototype
  let decoded = 0
  TextDecoder.prototype.decode = function (input, ...more) {
    decoded += input?.byteLength ?? 0
    return decode.call(this, input, ...more)
  }
  try {
    await readContent(bytes)
    return decoded / bytes.length
  } finally {
    TextDecoder.prototype.decode = decode
  }
}

test('of several texts only those are unpacked that count', async () => {
  const long = `prompt:${JSON.stringify({ a: 'x'.repeat(100_000) })}`
  const shared = webp(Array(200).fill(''), false)
  const text = Buffer.from(`${long}\0`)
  for (let tag = 0; tag < 200; tag++) {
    shared.writeUInt32LE(text.length, 42 + 12 * tag + 4)
    shared.writeUInt32LE(shared.length - 32, 42 + 12 * tag + 8)
  }
  const file = Buffer.concat([shared, text])
  file.writeUInt32LE(file.length - 32, 28)
  assert.ok((await decodedFor(file)) < 3)
  const last = (await readContent(
    png(
      packed('prompt', 60),
      ...Object.values(texts).map((one, index) =>
        pngChunk('tEXt', Buffer.from(`${Object.keys(texts)[index]}\0${one}`)),
      ),
    ),
  )) as unknown
  assert.equal(last, found)
})
