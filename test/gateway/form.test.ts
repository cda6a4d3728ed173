import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  type Draft,
  EngineError,
  type Input,
  InputError,
  type Problem,
  type Workflow,
} from '../../packages/gateway/src/engine.ts'
import { readSubmission } from '../../packages/gateway/src/face/form/readSubmission.ts'

const test = suite('form')
const MAX = 50_000_000
const input = (kind: Input['kind'], more: Partial<Input> = {}): Input => ({
  kind,
  required: false,
  array: false,
  ...more,
})
const workflow: Workflow = {
  id: 'all',
  name: 'All kinds',
  description: '',
  inputs: new Map([
    ['text', input('string')],
    ['count', input('number')],
    ['flag', input('boolean')],
    ['picture', input('image')],
    ['any', input('file')],
    ['list', input('string', { array: true })],
    ['files', input('video', { array: true })],
    ['list_7', input('string')],
    ['steps', input('number', { integer: true, min: 1, max: 10 })],
    ['style', input('string', { options: ['a', 'b', 'c'] })],
    ['size', input('number', { options: [1, 2] })],
    ['many', input('string', { options: Array.from({ length: 14 }, (_, i) => `o${i}`) })],
    ['none', input('string', { options: [] })],
  ]),
  outputs: new Map(),
}

interface Kept {
  input: string
  name: string
  type: string
  text: string
}

/** A draft that keeps what it takes. */
function keep(): { draft: Draft; kept: Kept[] } {
  const kept: Kept[] = []
  return {
    kept,
    draft: draftOf(async (input, { name, type, body }) => {
      const bytes = new Uint8Array(await new Response(body).arrayBuffer())
      const file = { input, name, type, text: new TextDecoder().decode(bytes) }
      kept.push(file)
      return file
    }),
  }
}

function draftOf(putFile: Draft['putFile']): Draft {
  return {
    putFile,
    async putUrl(input, url) {
      if (url.includes('bad')) {
        throw new InputError([{ loc: ['body', input], msg: 'Not from there', type: 'value_error' }])
      }
      return { input, url }
    },
    submit: () => Promise.reject(new Error('not here')),
  }
}

type Chunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array>

function requestOf(chunks: Chunks, type: string, init: RequestInit = {}): Request {
  const body = Readable.toWeb(Readable.from(chunks, { objectMode: true })) as ReadableStream
  const headers = { 'content-type': type, ...init.headers }
  return new Request('http://x/', { ...init, method: 'POST', headers, body, duplex: 'half' } as RequestInit)
}

type Fields = Record<string, string | Blob | (string | Blob)[]>

function formOf(fields: Fields): Request {
  const data = new FormData()
  for (const [name, values] of Object.entries(fields)) {
    for (const value of [values].flat()) data.append(name, value)
  }
  return new Request('http://x/', { method: 'POST', body: data })
}

const read = (request: Request, draft = keep().draft, maxBodyBytes = MAX) =>
  readSubmission(workflow, draft, request, { maxBodyBytes })

async function thrown(promise: Promise<unknown>): Promise<any> {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new assert.Assertion({ message: 'nothing was thrown' })
}

async function problems(fields: Fields): Promise<readonly Problem[]> {
  const error = await thrown(read(formOf(fields)))
  assert.instance(error, InputError)
  return error.problems
}

const BOUNDARY = '-x--'
const TYPE = `multipart/form-data; boundary=${BOUNDARY}`

function rawPart(disposition: string, body: string, more = ''): string {
  return `--${BOUNDARY}\r\nContent-Disposition: form-data; ${disposition}\r\n${more}\r\n${body}\r\n`
}

const raw = (...parts: string[]) => Buffer.from(`${parts.join('')}--${BOUNDARY}--\r\n`)

test('a form cut anywhere is the same form', async () => {
  const like = `\r\n--\r\n\r\n--${BOUNDARY.slice(0, -1)}\r--\r\n-\r\n--${BOUNDARY.slice(0, 3)}`
  const body = raw(
    rawPart('name="text"', 'Grüße, "你好" 🎨'),
    rawPart('name="picture"; filename="猫 \\"x\\".png"', like, 'Content-Type: image/png\r\n'),
    rawPart('name="list"', ''),
    rawPart('name="any"', 'data:text/plain;base64,aMOk%0AaMO  k'),
    rawPart('name="files"; filename="a%22b.mp4"', '', 'Content-Type: video/mp4\r\n'),
    rawPart('name="files"; filename=""', '--', 'Content-Type: video/mp4\r\n'),
    rawPart('name="list_0"', `x--${BOUNDARY}--`),
    rawPart('name="count"', '-1.5e2'),
  )
  const { draft, kept } = keep()
  const whole = await read(requestOf([body], TYPE), draft)
  assert.equal(whole.shown, [
    { path: 'text', value: 'Grüße, "你好" 🎨' },
    { path: 'count', value: -150 },
    { path: 'picture', value: '猫 "x".png' },
    { path: 'any', value: 'any.txt' },
    { path: 'list', value: ['', `x--${BOUNDARY}--`] },
    { path: 'files', value: ['a"b.mp4', 'blob'] },
  ])
  assert.equal(kept, [
    { input: 'picture', name: '猫 "x".png', type: 'image/png', text: like },
    { input: 'any', name: 'any.txt', type: 'text/plain', text: 'hähä' },
    { input: 'files', name: 'a"b.mp4', type: 'video/mp4', text: '' },
    { input: 'files', name: 'blob', type: 'video/mp4', text: '--' },
  ])
  for (let at = 1; at < body.length; at++) {
    assert.equal(
      await read(requestOf([body.subarray(0, at), body.subarray(at)], TYPE)),
      whole,
      `cut at ${at}`,
    )
  }
  for (const size of [1, 2, 3, 5, 7, 11]) {
    const chunks = Array.from({ length: Math.ceil(body.length / size) }, (_, i) =>
      body.subarray(i * size, (i + 1) * size),
    )
    assert.equal(await read(requestOf(chunks, TYPE)), whole, `pieces of ${size}`)
  }
})

test.run()
