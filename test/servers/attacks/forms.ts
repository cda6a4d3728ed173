import { readdirSync } from 'node:fs'
import { expect, send } from './send.ts'
import type { Answer, Attack, Target } from './types.ts'

const TAKEN =
  /^(POST \/(prompt|upload\/image|userdata)|DELETE \/userdata|GET \/(userdata|queue|history\/|object_info|features|view))/
const BOUNDARY = 'boundary-of-the-attacks'
const type = `Content-Type: multipart/form-data; boundary=${BOUNDARY}`

const field = (name: string, value: string, more = ''): string =>
  `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n`
const file = (name: string, filename: string, value = 'x'): string =>
  field(name, value, `; filename="${filename}"`)
const form = (...parts: string[]): string => `${parts.join('')}--${BOUNDARY}--\r\n`

const submission = (workflow: string) => ({ method: 'POST', path: `/api/v1/runs?workflow_id=${workflow}` })

async function post(target: Target, workflow: string, body: string, contentType = type): Promise<Answer> {
  const headers = [`X-API-KEY: ${target.key}`, contentType]
  return await send(target.port, { ...submission(workflow), headers, body })
}

/** Waits for the end, so that nothing of it comes in during the next attack. */
async function ended({ port, key }: Target, answer: Answer): Promise<void> {
  const id = JSON.parse(answer.body).data?.run_id
  for (let status = ''; id && !/completed|failed|cancelled/.test(status); ) {
    const headers = [`X-API-KEY: ${key}`]
    await new Promise((resolve) => setTimeout(resolve, 20))
    status = JSON.parse((await send(port, { path: `/api/v1/runs/${id}`, headers })).body).data?.status ?? ''
  }
}

/** A text that looks like more is the text of its own field, and nothing else of the graph changes. */
const asText = (value: string): Attack => ({
  what: `form: the text ${JSON.stringify(value).slice(0, 50)}`,
  may: TAKEN,
  async run(target) {
    const plain = expect(await post(target, 'quick', form(field('text', 'plain'))), 200)
    await ended(target, plain)
    const answer = expect(await post(target, 'quick', form(field('text', value))), 200)
    await ended(target, answer)
    const [before, after] = target.prompts.slice(-2).map(({ prompt }) => structuredClone(prompt))
    if (after['1'].inputs.default_value !== value)
      throw new Error(`not sent as it is: ${JSON.stringify(after)}`)
    for (const graph of [before, after]) {
      delete graph['1'].inputs.default_value
      delete graph['2'].inputs.filename_prefix
    }
    if (JSON.stringify(before) !== JSON.stringify(after)) throw new Error(`changed: ${JSON.stringify(after)}`)
    return answer
  },
})

const refused = (what: string, workflow: string, body: string, ...statuses: number[]): Attack => ({
  what: `form: ${what}`,
  run: async (target) => expect(await post(target, workflow, body), ...(statuses.length ? statuses : [422])),
})

const other = (name: string): Attack =>
  refused(`the field ${name}`, 'quick', form(field('text', 'a'), field(name, '["1", 0]')))

const number = (value: string): Attack =>
  refused(`the number ${value}`, 'bncu0a1kipv', form(field('text_51536', 'a'), field('seed', value)))

/** A file's name says nothing of where it is written. */
const named = (filename: string): Attack => ({
  what: `form: a file of the name ${JSON.stringify(filename).slice(0, 50)}`,
  may: TAKEN,
  async run(target) {
    const { folder } = target.comfy
    const list = () =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => !/^(user|temp)/.test(name))
    const before = new Set(list())
    const body = form(file('image_input', filename), field('prompt', 'a'))
    const answer = expect(await post(target, 'a9bc45rt2kpm', body), 200, 400, 422)
    await ended(target, answer)
    const odd = list().filter(
      (name) =>
        !before.has(name) &&
        !/^input\/flowscale-[A-Za-z0-9._-]{1,150}$/.test(name) &&
        !/^output\/picture_/.test(name),
    )
    if (odd.length) throw new Error(`written: ${odd.join(', ')}`)
    return answer
  },
})

const instead = (value: string, may?: RegExp, ...statuses: number[]): Attack => ({
  what: `form: instead of a file ${value.slice(0, 60)}`,
  ...(may && { may }),
  async run(target) {
    const body = form(field('image_input', value), field('prompt', 'a'))
    const answer = expect(await post(target, 'a9bc45rt2kpm', body), 422, ...statuses)
    await ended(target, answer)
    return answer
  },
})

const raw = (what: string, body: string, contentType: string, ...statuses: number[]): Attack => ({
  what: `form: ${what}`,
  run: async (target) => expect(await post(target, 'quick', body, contentType), ...statuses),
})

const many = Array.from({ length: 10_000 }, (_, at) => at)

/** A gateway asks again for the classes of a workflow after some seconds. */
const CLASSES = /^GET \/object_info\/\w+$/

const all: readonly Attack[] = [
  ...[
    '["1", 0]',
    '{"__value__": ["1", 0]}',
    '","class_type":"LoadImage',
    '{{7*7}} %s',
    '__proto__',
    '\u0000',
  ].map(asText),
  ...[
    '__proto__',
    'constructor',
    '1',
    '1.default_value',
    'prompt',
    'extra_data',
    'filename_prefix',
    'label',
    'text_0',
    'client_id',
  ].map(other),
  ...['["1",0]', '{"a":1}', 'NaN', '1e999', '-1', '9007199254740993', '1.5', '', '0x10', 'true'].map(number),
  refused('a text of 20 MB', 'quick', form(field('text', 'a'.repeat(20_000_000))), 413, 422),
  refused('10,000 parts', 'quick', form(...many.map((at) => field(`a${at}`, ''))), 413),
  refused('10,000 times the same', 'quick', form(...many.map(() => field('text', 'a'))), 413),
  refused('the same twice', 'quick', form(field('text', 'a'), field('text', 'b'))),
  refused('a file for a text', 'quick', form(file('text', 'a.txt'))),
  refused('no workflow of the name', '..%2f..%2fprompt', form(field('text', 'a'))),
  refused('a workflow of the name __proto__', '__proto__', form(field('text', 'a'))),
  refused('no end', 'quick', field('text', 'a'), 400),
  refused('a head without an end', 'quick', field('text', '').slice(0, -6), 400),
  refused('a head of a megabyte', 'quick', form(field('a'.repeat(1_000_000), 'a')), 400, 413, 422),
  raw('another boundary', form(field('text', 'a')), `${type}x`, 400, 422),
  raw('no boundary', form(field('text', 'a')), 'Content-Type: multipart/form-data', 400, 422),
  raw('JSON', '{"text":"a","prompt":{}}', 'Content-Type: application/json', 422),
  raw('no type', '{"text":"a"}', 'X-None: 1', 422),
  ...[
    '../../output/evil.png',
    '..\\..\\evil.png',
    '/etc/passwd',
    'C:\\evil.png',
    'a\u0000b.png',
    '%2e%2e%2fevil.png',
    '.htaccess',
    '..',
    'example.png [output]',
    'a%0d%0aX-Evil: 1.png',
    'a.png\\r\\nX-Evil: 1',
    `${'a'.repeat(4_000)}.png`,
    'a;type=output.png',
    'a\\"; subfolder=\\"x.png',
  ].map(named),
  ...[
    'http://127.0.0.1:8188/view?filename=example.png',
    'HTTP://127.0.0.1/',
    'http://localhost/',
    'http://[::1]/',
    'http://0x7f000001/',
    'http://2130706433/',
    'http://127.1/',
    'http://169.254.169.254/latest/meta-data/',
    'http://metadata.google.internal/',
    'https://example.com@127.0.0.1/',
    'http:\\\\127.0.0.1\\',
    '//127.0.0.1/',
    'file:///etc/passwd',
    'ftp://127.0.0.1/x',
    'gopher://127.0.0.1/',
    'javascript:alert(1)',
    'example.png',
    '../output/x.png',
    'example.png [output]',
    '["1", 0]',
    '',
  ].map((value) => instead(value)),
  ...[
    'data:text/html,<script>',
    'data:image/svg+xml;base64,PHN2Zz4=',
    'data:,',
    'data:../../x;base64,AAAA',
    'data:image/png;base64,!!!',
  ].map((value) => instead(value, TAKEN, 200)),
  {
    what: 'form: ten gigabytes are announced',
    run: async ({ port, key }) => {
      const headers = [`X-API-KEY: ${key}`, type, 'Content-Length: 10000000000']
      return expect(await send(port, { ...submission('quick'), headers }), 413)
    },
  },
  {
    what: 'form: more comes than is taken, in chunks',
    run: async ({ port, key }) => {
      const headers = [`X-API-KEY: ${key}`, type, 'Transfer-Encoding: chunked']
      const text = field('text', 'a'.repeat(31_000_000))
      const body = `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`
      return expect(await send(port, { ...submission('quick'), headers, body }), 413, 422)
    },
  },
  {
    what: 'form: the caller goes away in the middle of a file',
    run: async ({ port, key }) => {
      const headers = [`X-API-KEY: ${key}`, type, 'Content-Length: 100000']
      const body = field('prompt', 'a')
      return await send(port, { ...submission('a9bc45rt2kpm'), headers, body, hangUp: true })
    },
  },
]

/** What a caller may put into a form. */
export const forms: readonly Attack[] = all.map((attack) => ({ may: CLASSES, ...attack }))
