// What a server decodes is what was given to `executeWorkflow`, byte for byte as Node's fetch writes a form, or nothing was
// sent and the error names the input.
import { isDeepStrictEqual } from 'node:util'
import { ArgumentError, createClient, executeWorkflow } from '@flowscale/client'
import fc from 'fast-check'
import { assertNoCanary, CANARY } from '../support/canary.ts'
import { ok } from '../support/fakes.ts'
import { listen } from '../support/listen.ts'
import { readBody, readParts, type WirePart } from '../support/multipart.ts'
import { type Due, type Given, givens, isIllegal, keys } from './inputs/given.ts'
import type { Finding, Settings } from './lib/finding.ts'

const batch = 100

interface Case {
  entries: { key: string; given: Given }[]
  /** A getter that throws, at this place. */
  trap: number | undefined
  arrays: 'repeat' | 'indexed' | undefined
  workflowId: string
  groupId: string | undefined
}
const ids = fc
  .oneof(
    fc.string({ unit: 'grapheme', minLength: 1 }),
    fc.constantFrom('bncu0a1kipv', 'a&b=c', '../x', 'ä?#', '%2e%2e', '…'),
  )
  .filter((id) => !/^\.{1,2}$/.test(id) && !/\p{Surrogate}/u.test(id))
const cases: fc.Arbitrary<Case> = fc.record({
  entries: fc.uniqueArray(fc.record({ key: keys, given: givens }), {
    maxLength: 5,
    selector: ({ key }) => key,
  }),
  trap: fc.oneof({ weight: 40, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.nat(4) }),
  arrays: fc.constantFrom(undefined, 'repeat', 'indexed'),
  workflowId: ids,
  groupId: fc.option(ids, { nil: undefined }),
})

export async function inputs({ seed, isLong }: Settings): Promise<Finding> {
  const server = await formServer()
  const client = createClient({ baseUrl: server.url, apiKey: CANARY, maxRetries: 0 })
  const amount = isLong ? 16_000 : 1000
  const failures: string[] = []
  const counts = { sent: 0, refused: 0, texts: 0, files: 0, bytes: 0 }
  let checks = 0
  for (let turn = 0; checks < amount && failures.length < 5; turn++) {
    const random = fc.sample(fc.integer(), { seed: seed + turn, numRuns: 1 })[0]!
    const outcome = await fc.check(fc.asyncProperty(cases, play), {
      seed: random,
      numRuns: Math.min(batch, amount - checks),
    })
    checks += outcome.numRuns
    if (!outcome.failed) continue
    const [given] = outcome.counterexample as [Case]
    const shown = given.entries.map(({ key, given }) => `${JSON.stringify(key).slice(0, 60)}: ${given.label}`)
    failures.push(
      `${(outcome.errorInstance as Error)?.message} [seed ${outcome.seed}, path ${outcome.counterexamplePath}] ` +
        `{ ${shown.join(', ')} } ${JSON.stringify({ ...given, entries: undefined })}`.slice(0, 900),
    )
  }
  await server.close()
  return {
    checks,
    failures,
    lines: [
      `${counts.sent} sent and decoded: ${counts.texts} texts, ${counts.files} files of ${counts.bytes} bytes; ` +
        `${counts.refused} refused before any request`,
    ],
  }

  async function play({ entries, trap, arrays, workflowId, groupId }: Case): Promise<void> {
    const all: Record<string, unknown> = {}
    for (const [index, { key, given }] of entries.entries()) {
      const value =
        index === trap
          ? {
              get() {
                throw new Error('mine')
              },
            }
          : { value: given.value }
      Object.defineProperty(all, key, { ...value, enumerable: true, configurable: true })
    }
    const isTrapped = trap !== undefined && trap < entries.length
    const bad = entries.filter(
      ({ key, given }, index) =>
        index === trap || isIllegal(key) || given.due === 'refused' || [given.due].flat().includes('refused'),
    )
    const mayRefuse = bad.length || isTrapped || entries.some(({ given }) => given.isOpen)
    server.received.length = 0
    let refusal: unknown
    try {
      await executeWorkflow(client, workflowId, all as never, { arrays, groupId })
    } catch (error) {
      refusal = error
    }
    const [received] = server.received
    if (refusal !== undefined) {
      const { message } = refusal as Error
      assertNoCanary(refusal, 'an error')
      if (!(refusal instanceof ArgumentError))
        throw new Error(`not an ArgumentError: ${(refusal as Error)?.stack ?? refusal}`)
      if (!mayRefuse) throw new Error(`refused what can be sent: ${message}`)
      if (received) throw new Error(`refused after a request: ${message}`)
      const named = bad.length ? bad : entries
      if (
        !named.some(({ key }) => message.startsWith(`inputs.${key}`) || message.includes(JSON.stringify(key)))
      ) {
        throw new Error(`names none of the inputs that can't be sent: ${message}`)
      }
      counts.refused++
      return
    }
    if (bad.length) throw new Error(`sent what can't be sent: ${bad.map(({ given }) => given.label)}`)
    if (!received) throw new Error('nothing was received')
    if (received.sent.includes(CANARY)) throw new Error('the key is in the URL or in the form')
    compare(entries, arrays, received.raw, received.decoded, all)
    if (received.whole !== (await wholeOf(all, arrays))) throw new Error("Node's fetch sends other bytes")
    if (received.length === undefined) throw new Error('the length is not in the headers')
    const query = [['workflow_id', workflowId], ...(groupId === undefined ? [] : [['group_id', groupId]])]
    if (!isDeepStrictEqual(received.query, query)) {
      throw new Error(`the query is ${JSON.stringify(received.query)}, not ${JSON.stringify(query)}`)
    }
    counts.sent++
  }

  function compare(
    entries: Case['entries'],
    arrays: Case['arrays'],
    raw: Awaited<ReturnType<typeof formServer>>['received'][number]['raw'],
    decoded: [string, string | File][],
    all: object,
  ): void {
    const byKey = new Map(entries.map(({ key, given }) => [key, given]))
    const due = Object.keys(all).flatMap((key) => {
      const list = byKey.get(key)!.due
      if (!Array.isArray(list)) return list === 'left out' ? [] : [{ name: key, due: list }]
      const there = list.filter((one) => one !== 'left out')
      return there.map((one, index) => ({ name: arrays === 'indexed' ? `${key}_${index}` : key, due: one }))
    })
    if (raw.length !== due.length || decoded.length !== due.length) {
      throw new Error(`${raw.length} parts, ${decoded.length} decoded, ${due.length} given`)
    }
    for (const [index, { name, due: one }] of due.entries()) {
      const part = raw[index]!
      const [decodedName, value] = decoded[index]!
      if (part.name !== name) throw new Error(`the name is ${part.name}, not ${name}`)
      if (decodedName !== unescaped(name))
        throw new Error(`the name is decoded as ${decodedName}, not ${name}`)
      check(one, part, value)
    }
  }

  function check(
    due: Due,
    part: { bytes: Buffer; text: string; filename?: string },
    value: string | File,
  ): void {
    if (typeof due === 'string') throw new Error(`sent what is ${due}`)
    if ('bytes' in due) {
      counts.files++
      counts.bytes += due.bytes.length
      const { filename = '' } = part
      if (typeof value === 'string') throw new Error('a file came as a text')
      if (Buffer.compare(part.bytes, due.bytes)) throw new Error('other bytes')
      if (value.size !== due.bytes.length) throw new Error(`decoded as ${value.size} bytes`)
      if (value.type !== (due.type || 'application/octet-stream'))
        throw new Error(`the type is ${value.type}, not ${due.type}`)
      if (value.name !== unescaped(filename))
        throw new Error(`the filename ${filename} is decoded as ${value.name}`)
      if (!/\.[\p{L}\p{N}]+$/u.test(filename)) throw new Error(`the filename ${filename} has no extension`)
      if (/["'`/\\\p{Cc}]/u.test(filename)) throw new Error(`the filename ${filename} has what does harm`)
      const isHarmless = /^[\p{L}\p{N} ()_-]+(\.[\p{L}\p{N}]+)+$/u.test(due.name ?? '')
      if (isHarmless && filename !== due.name) throw new Error(`the filename is ${filename}, not ${due.name}`)
      return
    }
    counts.texts++
    if (typeof value !== 'string' || part.filename !== undefined) throw new Error('a text came as a file')
    if ('json' in due) {
      if (!isDeepStrictEqual(JSON.parse(value), due.json)) throw new Error(`other JSON: ${value}`)
      return
    }
    const text = due.text.replace(/\r\n|\r|\n/g, '\r\n')
    if (part.text !== text)
      throw new Error(`the text is ${JSON.stringify(part.text)}, not ${JSON.stringify(text)}`)
    // The parser takes some byte order marks away. The bytes were compared above.
    if (withoutMarks(value) !== withoutMarks(text))
      throw new Error(`the text is decoded as ${JSON.stringify(value)}`)
  }
}

const withoutMarks = (text: string): string => text.replace(/^\ufeff+/, '')

/** The inputs as Node's fetch sends a form, which a fetch of the caller gets. */
async function wholeOf(all: object, arrays: Case['arrays']): Promise<string> {
  let form: FormData | undefined
  const fetch = async (_: string, init: RequestInit) => {
    form = init.body as FormData
    return ok({ run_id: 'r' })
  }
  await executeWorkflow(createClient({ baseUrl: 'http://pod.test', fetch }), 'w', all as never, { arrays })
  const response = new Response(form)
  return withoutBoundary(Buffer.from(await response.arrayBuffer()), response.headers.get('content-type')!)
}

/** What the platform's own parser makes of a name: it takes some for an escape, and a byte order mark away. */
const unescaped = (name: string): string =>
  name
    .replace(/^\ufeff+/, '')
    .replaceAll(/%0A/gi, '\n')
    .replaceAll(/%0D/gi, '\r')
    .replaceAll('%22', '"')

/** One request, as a server decodes it. */
export interface Received {
  query: [string, string][]
  /** The form by the runtime's own parser. */
  decoded: [name: string, value: string | File][]
  /** The form taken apart by hand. */
  raw: WirePart[]
  /** The form as it came, but for its boundary. */
  whole: string
  /** Its length, as the headers say. */
  length: string | undefined
  /** All but the headers. */
  sent: string
}

/** A form with a word for its boundary, to compare it with another one. */
const withoutBoundary = (body: Buffer, contentType: string): string =>
  body.toString('latin1').replaceAll(contentType.split('boundary=')[1]!, 'BOUNDARY')

/** A server that keeps what it decodes. */
async function formServer() {
  const received: Received[] = []
  const server = await listen(async (request, response) => {
    try {
      const body = await readBody(request)
      const { 'content-type': type = '', 'content-length': length } = request.headers
      const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData()
      received.push({
        query: [...new URL(request.url!, 'http://a').searchParams],
        decoded: [...form] as Received['decoded'],
        raw: readParts(body, type),
        whole: withoutBoundary(body, type),
        length,
        sent: request.url! + body.toString('latin1'),
      })
      response.end('{"status":"success","data":{"run_id":"r"}}')
    } catch (error) {
      response.writeHead(400).end(JSON.stringify({ detail: `the form can't be read: ${error}` }))
    }
  })
  return { ...server, received }
}
