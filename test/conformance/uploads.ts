import { equal, ok, rejection } from './assert.ts'
import { type Case, type Context, one } from './types.ts'

const once = { dialects: ['readme'], needs: ['lab'] } as const

/** Submits inputs and gives the form that arrived. */
async function sent({ lib, lab, options }: Context, inputs: Record<string, any>, more = {}) {
  const { url, seen } = await lab.script([{ body: '{"status":"success","data":{"run_id":"r1"}}' }])
  await lib.executeWorkflow(lib.createClient({ ...options, baseUrl: url }), 'w', inputs, more)
  const [request] = await seen()
  return request!
}

/** What goes into the form. */
export const uploadCases: Case[] = [
  one('uploads', '20 MB arrive, to the byte', once, async (context) => {
    const bytes = new Uint8Array(20_000_000).fill(65)
    const request = await sent(context, { big: context.lib.toFile(new Blob([bytes]), 'big.bin') })
    ok(request.bytes > bytes.length && request.bytes < bytes.length + 1000, `${request.bytes} bytes`)
    ok(request.headers['content-type']?.startsWith('multipart/form-data; boundary='), 'a form')
  }),
  one(
    'uploads',
    'toFile, Blob, typed arrays and ArrayBuffer are file parts with a name that fits',
    once,
    async (context) => {
      const { lib, png } = context
      const { text } = await sent(context, {
        named: lib.toFile(png, 'photo.png', { type: 'image/png' }),
        blob: new Blob([png], { type: 'image/jpeg' }),
        array: png,
        buffer: png.slice().buffer,
      })
      for (const name of ['photo.png', 'blob.jpg', 'array.bin', 'buffer.bin']) {
        ok(text.includes(`filename="${name}"`), name)
      }
    },
  ),
  one('uploads', 'a File keeps its name', { ...once, needs: ['lab', 'File'] }, async (context) => {
    const { text } = await sent(context, { file: new File([context.png], 'mine.png') })
    ok(text.includes('filename="mine.png"'), 'filename')
  }),
  one('uploads', 'texts, numbers, booleans, bigints, dates and objects', once, async (context) => {
    const { text } = await sent(context, {
      text: 'grün ☕',
      number: 1.5,
      boolean: false,
      big: 12345678901234567890n,
      date: new Date(0),
      object: { a: [1, null] },
      none: undefined,
    })
    const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0))
    const form = new TextDecoder().decode(bytes)
    for (const value of ['grün ☕', '1.5', 'false', '12345678901234567890', '1970-01-01T00:00:00.000Z']) {
      ok(form.includes(`\r\n\r\n${value}\r\n`), value)
    }
    ok(form.includes('{"a":[1,null]}'), 'object')
    ok(!form.includes('name="none"'), 'undefined is left out')
  }),
  one('uploads', 'arrays repeat their name, or are numbered', once, async (context) => {
    const inputs = { a: ['x', 'y'] }
    equal((await sent(context, inputs)).text.split('name="a"').length, 3, 'repeat')
    const { text } = await sent(context, inputs, { arrays: 'indexed' })
    ok(text.includes('name="a_0"') && text.includes('name="a_1"'), 'indexed')
  }),
  one(
    'uploads',
    'what can’t be sent is an ArgumentError that names it',
    once,
    async ({ lib, lab, options }) => {
      const { url, seen } = await lab.script([{}])
      const client = lib.createClient({ ...options, baseUrl: url })
      const illegal = [null, Number.NaN, () => {}, Symbol('s'), '\ud800', new Map(), new Date(Number.NaN)]
      for (const value of illegal) {
        const error = await rejection(lib.executeWorkflow(client, 'w', { mine: value as any }))
        equal(error.code, 'ERR_FLOWSCALE_ARGUMENT', String(value))
        ok(error.message.includes('inputs.mine'), error.message)
      }
      equal(await seen(), [], 'requests')
    },
  ),
]
