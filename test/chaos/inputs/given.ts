import { toFile } from '@flowscale/client'
import fc from 'fast-check'

/** What must become of an input: parts of the form, or a refusal before any request. */
export type Due =
  | { text: string }
  | { json: unknown }
  | { bytes: Uint8Array; type: string; name: string | undefined }
  | 'left out'
  | 'refused'

/** An input, and what must become of it. */
export interface Given {
  label: string
  value: unknown
  /** A list for an array. */
  due: Due | Due[]
  /** It may be refused as well. */
  isOpen?: true
}

const given = (label: string, value: unknown, due: Given['due'], isOpen?: true): Given => ({
  label,
  value,
  due,
  ...(isOpen && { isOpen }),
})
const refused = (label: string, value: unknown): Given => given(label, value, 'refused')

const hasHalf = (text: string): boolean => /\p{Surrogate}/u.test(text)

const texts = fc
  .oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: 'grapheme', maxLength: 200 }),
    fc
      .array(fc.constantFrom('\r', '\n', '\r\n', 'a', '"', '--', '\0', '\ufeff', '%22', '\u2028'), {
        maxLength: 12,
      })
      .map((all) => all.join('')),
    fc.constantFrom(
      'data:image/png;base64,AAAA',
      'https://x.test/a?b',
      '\ud800',
      'a\udc00b',
      'x'.repeat(70_000),
    ),
  )
  .map((text) =>
    given(`text ${JSON.stringify(text).slice(0, 60)}`, text, hasHalf(text) ? 'refused' : { text }),
  )

const numbers = fc
  .oneof(fc.double(), fc.integer(), fc.constantFrom(-0, Number.NaN, Infinity, -Infinity, 1e21, 5e-324))
  .map((value) =>
    given(`number ${value}`, value, Number.isFinite(value) ? { text: String(value) } : 'refused'),
  )

const simple = fc.oneof(
  fc.bigInt().map((value) => given(`bigint ${value}`, value, { text: String(value) })),
  fc.boolean().map((value) => given(`${value}`, value, { text: String(value) })),
  fc
    .date({ noInvalidDate: false })
    .map((value) => given('date', value, Number.isNaN(+value) ? 'refused' : { text: value.toISOString() })),
  fc.constant(given('undefined', undefined, 'left out')),
)

/** JSON as it comes back: minus zero is zero. */
const json = fc
  .dictionary(
    fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'toJSON2', '"', '\ud800')),
    fc.jsonValue(),
    { maxKeys: 4 },
  )
  .map((value) => given('object', value, { json: JSON.parse(JSON.stringify(value)) }))

const bytes = fc.uint8Array({ maxLength: 300 })
const copy = (data: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(data)
const file = (label: string, value: unknown, data: Uint8Array, name?: string): Given =>
  given(label, value, { bytes: copy(data), type: value instanceof Blob ? value.type : '', name })

const filenames = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    ...['', '.', '..', '...', '.png', 'a', 'a.', 'a.png', 'a.png ', ' a.png', 'A B (1).JPG', 'a\nb.png'],
    ...['ein "Bild".png', 'a\r\nX: y.png', '../../etc/passwd', 'C:\\a\\b.png', '/a/b/c.tar.gz', 'a;b=c.png'],
    ...['猫.png', '😀.webp', 'a%22b.png', 'a\0b.png', `${'x'.repeat(3000)}.png`, 'é.jpg', 'e\u0301.jpg'],
    ...['a\u202egnp.exe', '\ud800.png'],
  ),
)
const types = fc.constantFrom(
  ...['', 'image/png', 'IMAGE/JPEG', 'text/plain;charset=utf-8', 'a', 'a/b/c', 'video/x-matroska'],
  ...['image/svg+xml', 'x\ny'],
)

const files = fc.oneof(
  bytes.map((data) => file('Uint8Array', copy(data), data)),
  bytes.map((data) => file('Buffer', Buffer.from(data), data)),
  bytes.map((data) => file('ArrayBuffer', copy(data).buffer, data)),
  fc.tuple(bytes, fc.nat(300), fc.nat(300)).map(([data, from, length]) => {
    const start = Math.min(from, data.length)
    const size = Math.min(length, data.length - start)
    return file(
      'view with an offset',
      new DataView(copy(data).buffer, start, size),
      data.subarray(start, start + size),
    )
  }),
  fc
    .float64Array({ maxLength: 20 })
    .map((data) => file('Float64Array', data, new Uint8Array(data.slice().buffer))),
  fc.tuple(bytes, types).map(([data, type]) => file('Blob', new Blob([copy(data)], { type }), data)),
  fc
    .tuple(bytes, fc.nat(9), fc.nat(40))
    .map(([data, a, b]) =>
      file('slice of a Blob', new Blob([copy(data)]).slice(a, a + b), data.subarray(a, a + b)),
    ),
  fc.tuple(bytes, types, filenames).map(([data, type, name]) => {
    const value = new File([copy(data)], name, { type })
    return file(`File ${JSON.stringify(name).slice(0, 60)}`, value, data, value.name)
  }),
  fc
    .tuple(bytes, types, filenames)
    .map(([data, type, name]) =>
      file(
        `toFile ${JSON.stringify(name).slice(0, 60)}`,
        toFile(copy(data), name || 'x', { type }),
        data,
        name || 'x',
      ),
    ),
  bytes.map((data) => file('resizable', resizable(data), data)),
)

function resizable(data: Uint8Array): ArrayBuffer {
  const buffer = new (ArrayBuffer as any)(data.length, { maxByteLength: 1000 })
  new Uint8Array(buffer).set(data)
  return buffer
}

function gone(): Uint8Array {
  const data = new Uint8Array(8)
  structuredClone(data.buffer, { transfer: [data.buffer] })
  return data
}
function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}
const circle = (): object => {
  const value: Record<string, unknown> = {}
  value.self = value
  return value
}
const deepObject = (): object => {
  let value: object = {}
  for (let depth = 0; depth < 20_000; depth++) value = { value }
  return value
}
const fails = (): never => {
  throw new Error('mine')
}
const throws = (): object => Object.defineProperty({}, 'a', { get: fails, enumerable: true })
const shared = (): Uint8Array => new Uint8Array(new SharedArrayBuffer(4)).fill(7)

/** Made anew each time: some can be used only once. */
const odd: (() => Given)[] = [
  () => refused('null', null),
  () => refused('function', () => {}),
  () => refused('symbol', Symbol('a')),
  () => refused('boxed string', new String('a')),
  () => refused('boxed number', new Number(1)),
  () => refused('boxed boolean', new Boolean(true)),
  () => refused('boxed bigint', Object(1n)),
  () => refused('Map', new Map([['a', 1]])),
  () => refused('Set', new Set([1])),
  () => refused('RegExp', /a/),
  () => refused('Error', new Error('a')),
  () => refused('URL', new URL('http://a.test')),
  () => refused('promise', Promise.resolve('a')),
  () => refused('stream', new Blob(['a']).stream()),
  () => refused('class', new (class A {})()),
  () => refused('SharedArrayBuffer', new SharedArrayBuffer(4)),
  () => refused('detached view', gone()),
  () => refused('detached buffer', gone().buffer),
  () => refused('revoked proxy', revoked()),
  () => refused('circle', circle()),
  () => refused('getter that throws', throws()),
  () => refused('getter that throws inside', { a: { b: throws() } }),
  () => refused('proxy that throws', new Proxy({ a: 1 }, { get: fails })),
  () => refused('proxy without keys', new Proxy({ a: 1 }, { ownKeys: fails })),
  () => refused('proxy without prototype', new Proxy({}, { getPrototypeOf: fails })),
  () => refused('toJSON that throws', { toJSON: fails }),
  () => refused('toJSON that gives nothing', { toJSON: () => undefined }),
  () => refused('NaN inside', { a: [Number.NaN] }),
  () => refused('invalid date inside', { a: new Date(Number.NaN) }),
  () => refused('bigint inside', { a: 1n }),
  () => refused('Blob inside', { a: new Blob(['a']) }),
  () => refused('bytes inside', { a: new Uint8Array(2) }),
  () => refused('Map inside', { a: new Map() }),
  () => refused('function inside', { a: () => {} }),
  () => given('nested deep', deepObject(), 'refused'),
  () => given('toJSON', { toJSON: () => ({ b: 1 }) }, { json: { b: 1 } }),
  () => given('toJSON to a text', { toJSON: () => 'a' }, { json: 'a' }),
  () => given('date inside', { a: new Date(0) }, { json: { a: new Date(0).toISOString() } }),
  () => given('undefined inside', { a: undefined, b: 1 }, { json: { b: 1 } }),
  () => given('null inside', { a: null }, { json: { a: null } }),
  () =>
    given('getter', Object.defineProperty({}, 'a', { get: () => 5, enumerable: true }), { json: { a: 5 } }),
  () => given('proxy', new Proxy({ a: 1 }, {}), { json: { a: 1 } }),
  () => given('frozen', Object.freeze({ a: [1] }), { json: { a: [1] } }),
  () => given('without prototype', Object.assign(Object.create(null), { a: 1 }), { json: { a: 1 } }),
  () => given('shared bytes', shared(), { bytes: shared(), type: '', name: undefined }, true),
  () => given('empty object', {}, { json: {} }),
  () => given('empty Blob', new Blob([]), { bytes: new Uint8Array(0), type: '', name: undefined }),
  () => given('no bytes', new Uint8Array(0), { bytes: new Uint8Array(0), type: '', name: undefined }),
]
const odds = fc.nat(odd.length - 1).map((index) => odd[index]!())

const one = fc.oneof(
  { weight: 4, arbitrary: texts },
  { weight: 2, arbitrary: numbers },
  { weight: 2, arbitrary: simple },
  { weight: 2, arbitrary: json },
  { weight: 5, arbitrary: files },
)
const item = fc.oneof({ weight: 30, arbitrary: one }, { weight: 1, arbitrary: odds })

const arrays = fc
  .oneof(
    { weight: 12, arbitrary: fc.array(item, { maxLength: 4 }) },
    { weight: 1, arbitrary: fc.constant([refused('array in an array', ['a'])]) },
  )
  .map(
    (items): Given => ({
      label: `[${items.map(({ label }) => label).join(', ')}]`,
      value:
        items.length % 3
          ? items.map(({ value }) => value)
          : Object.assign(
              [],
              items.map(({ value }) => value),
            ),
      due: items.flatMap(({ due }) => due),
      ...(items.some(({ isOpen }) => isOpen) && { isOpen: true as const }),
    }),
  )

/** An input of any kind; most can be sent. */
export const givens: fc.Arbitrary<Given> = fc.oneof(
  { weight: 12, arbitrary: one },
  { weight: 4, arbitrary: arrays },
  { weight: 1, arbitrary: odds },
)

/** Names of inputs: most are legal. */
export const keys = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.constantFrom(...'text_51536 prompt_68667 image_1234 seed a.b a[0] 0 17'.split(' '), 'a b'),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      ...['__proto__', 'constructor', 'toString', 'then', 'length', 'ä', '猫', '😀', 'a;b=c', "a'b", 'a%22b'],
      ...['a%0Ab', '%', '--', ':', '\t', ' a ', '\0', '\x7f', '\ufeff', 'x'.repeat(5000)],
    ),
  },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', minLength: 1 }) },
  { weight: 1, arbitrary: fc.constantFrom('', 'a"b', 'a\nb', 'a\rb', '"', '\ud800', 'a\udfffb') },
)
/** What no form can carry so that each server gives it back. */
export const isIllegal = (key: string): boolean => key === '' || /[\r\n"]/.test(key) || hasHalf(key)
