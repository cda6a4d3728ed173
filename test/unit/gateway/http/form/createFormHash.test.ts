// The hash of a submission, by the forms that give the same one.
import { assert, suite } from '#test'
import type { Draft } from '../../../../../packages/gateway/src/engine.ts'
import { createFormHash } from '../../../../../packages/gateway/src/http/form/createFormHash.ts'
import { hashSubmission, readSubmission } from '../../../../../packages/gateway/src/http/form/readForm.ts'
import { draft, workflow } from '../../fakeEngine.ts'

const test = suite('hash of a submission')
const PIECE = 65_536

type Fields = readonly (readonly [name: string, value: string | File])[]

const newHash = (about: readonly unknown[] = ['w', null]) => createFormHash('a-key', about)

function requestOf(fields: Fields): Request {
  const body = new FormData()
  for (const [name, value] of fields) body.append(name, value)
  return new Request('http://x/', { method: 'POST', body })
}

/** The same request, whose body comes in pieces of this size. */
function inPieces({ headers, body }: Request, size: number): Request {
  const cut = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      for (let at = 0; at < chunk.length; at += size) controller.enqueue(chunk.slice(at, at + size))
    },
  })
  const init = { method: 'POST', headers, body: body!.pipeThrough(cut), duplex: 'half' }
  return new Request('http://x/', init as RequestInit)
}

const hashOf = async (request: Request, about?: readonly unknown[]): Promise<string> =>
  (await hashSubmission({ request, maxBodyBytes: Number.POSITIVE_INFINITY }, newHash(about))).hash

const file = (bytes: Uint8Array<ArrayBuffer> | string, name = 'a.png', type = 'image/png'): File =>
  new File([bytes], name, { type })
const bytes = new Uint8Array(3 * PIECE).map((_, at) => at % 251)
const changed = (at: number): Uint8Array<ArrayBuffer> => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte))

const texts: Fields = [
  ['text', 'a fox'],
  ['list', 'one'],
  ['list', 'two'],
]
const fields: Fields = [...texts, ['picture', file(bytes)]]
const withFile = (picture: File): Fields => [...texts, ['picture', picture]]

test('the order of the inputs, the form around them and the names of files change nothing', async () => {
  const first = await hashOf(requestOf(fields))
  assert.match(first, /^[\w+/]{43}=$/)
  for (const [about, request] of Object.entries({
    'another boundary': requestOf(fields),
    'another order': requestOf([fields[3]!, fields[1]!, fields[0]!, fields[2]!]),
    'another name and type of a file': requestOf(withFile(file(bytes, 'b.jpg', 'image/jpeg'))),
    'small pieces': inPieces(requestOf(fields), 1000),
    'large pieces': inPieces(requestOf(fields), 10 * PIECE),
  })) {
    assert.is(await hashOf(request), first, about)
  }
  const body = new URLSearchParams(texts as [string, string][])
  const urlencoded = new Request('http://x/', { method: 'POST', body })
  assert.is(await hashOf(urlencoded), await hashOf(requestOf(texts)), 'urlencoded')
})

test('everything else changes it', async () => {
  const [fox, one, two, picture] = fields as [Fields[0], Fields[0], Fields[0], Fields[0]]
  const forms: Record<string, Fields> = {
    'the form': fields,
    'another text': [['text', 'a fax'], one, two, picture],
    'another name': [['texts', 'a fox'], one, two, picture],
    'a name that takes from its value': [['texta', ' fox'], one, two, picture],
    'another order of the values of one input': [fox, two, one, picture],
    'a value less': [fox, one, picture],
    'an empty value more': [fox, one, two, picture, ['style', '']],
    'two values in one': [fox, ['list', 'onetwo'], picture],
    'a text in the place of a file': [fox, one, two, ['picture', 'abc']],
    'a file of the same bytes': withFile(file('abc')),
    'no file': texts,
    'an empty file': withFile(file('')),
    'the first byte of a file': withFile(file(changed(0))),
    'its last byte': withFile(file(changed(bytes.length - 1))),
    'the last byte of a piece': withFile(file(changed(PIECE - 1))),
    'the first byte of the next piece': withFile(file(changed(PIECE))),
    'a byte less': withFile(file(bytes.slice(0, -1))),
    'two pieces': withFile(file(bytes.slice(0, 2 * PIECE))),
    'one piece': withFile(file(bytes.slice(0, PIECE))),
    zeros: withFile(file(new Uint8Array(32))),
    'more zeros': withFile(file(new Uint8Array(64))),
  }
  const seen = new Map<string, string>()
  const note = (about: string, hash: string): void => {
    assert.is(seen.get(hash), undefined, about)
    seen.set(hash, about)
  }
  for (const [about, form] of Object.entries(forms)) note(about, await hashOf(requestOf(form)))
  for (const [about, told] of Object.entries({
    group: ['w', 'g'],
    workflow: ['w2', null],
    both: ['w2', 'g'],
  })) {
    note(about, await hashOf(requestOf(fields), told))
  }
})

test('it is the same where a workflow reads the form, whatever the engine reads of a file', async () => {
  const file = (array = false) => ({ kind: 'image', required: false, array }) as const
  const inputs: Draft['workflow']['inputs'] = new Map([
    ...workflow.inputs,
    ['list', { kind: 'string', required: false, array: true }],
    ['picture', file()],
    ['drawn', file()],
  ])
  const data = `data:image/png;base64,${Buffer.from(bytes).toString('base64')}`
  const form: Fields = [...fields, ['drawn', data]]
  const expected = await hashOf(requestOf(form))
  const readers: Record<string, Draft['putFile']> = {
    nothing: async () => ({}),
    everything: async (_input, { body }) => ({ size: (await new Response(body).arrayBuffer()).byteLength }),
    'a piece': async (_input, { body }) => {
      const reader = body.getReader()
      await reader.read()
      await reader.cancel()
      return {}
    },
  }
  for (const [about, putFile] of Object.entries(readers)) {
    const hash = newHash()
    const own: Draft = { ...draft, putFile, workflow: { ...workflow, inputs } }
    const request = inPieces(requestOf(form), 5000)
    await readSubmission(own, { request, maxBodyBytes: Number.POSITIVE_INFINITY }, hash)
    assert.equal(await hash.digest(), { key: 'a-key', hash: expected }, about)
  }
})
