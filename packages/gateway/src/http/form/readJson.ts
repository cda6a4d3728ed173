// The inputs of a submission as JSON.
import { EngineError, type Input, InputError, isFileKind, type Problem } from '../../engine.ts'
import { isObject } from '../../options.ts'
import { sleep } from '../../runtime.ts'
import { endOfText } from '../../workflowJson.ts'
import type { Part } from './multipart.ts'

/** The whole of it is held in memory. */
export const MOST_JSON_BYTES: number = 10 * 1024 * 1024
/** Without `data:` URLs: objects and lists take more memory than texts. */
const MOST_PLAIN_BYTES = 1024 * 1024
const MOST_DEPTH = 4
const PIECE = 65_536

/** Each value as a part of a form, each item of a list as a part of its own. */
export async function* readJson(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Part, void> {
  for (const [name, value] of Object.entries(await parse(bytes))) {
    if (value === null) continue
    const isList = Array.isArray(value) && value.length > 0
    for (const [index, item] of (isList ? value : [value]).entries()) {
      const text = typeof item === 'string' ? item : JSON.stringify(item)
      yield { name, json: { value: item, index: isList ? index : undefined }, body: encode(text) }
    }
  }
}

/** A text in pieces. Between two, others have their turn: to decode a large `data:` URL takes long. */
export async function* encode(text: string): AsyncGenerator<Uint8Array, void> {
  const bytes = new TextEncoder().encode(text)
  yield bytes.subarray(0, PIECE)
  for (let at = PIECE; at < bytes.byteLength; at += PIECE) {
    await sleep(0)
    yield bytes.subarray(at, at + PIECE)
  }
}

async function parse(bytes: AsyncIterable<Uint8Array>): Promise<Record<string, unknown>> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let text = ''
  let count = 0
  for await (const chunk of bytes) {
    count += chunk.byteLength
    text += orRefuse(() => decoder.decode(chunk, { stream: true }))
  }
  text += orRefuse(() => decoder.decode())
  checkSize(text, count)
  const inputs: unknown = orRefuse(() => JSON.parse(text))
  if (!isObject(inputs)) throw refusal('Input should be an object, the inputs by their names', 'dict_type')
  return inputs
}

function orRefuse<T>(work: () => T): T {
  try {
    return work()
  } catch (cause) {
    throw new EngineError(400, `The body is no JSON: ${(cause as Error).message.slice(0, 200)}`, { cause })
  }
}

export const refusal = (msg: string, type: string, ...loc: string[]): InputError =>
  new InputError([{ loc: ['body', ...loc], msg, type }])

/** Looks at the JSON before it is parsed, which takes time and memory for each value. */
function checkSize(text: string, bytes: number): void {
  let depth = 0
  let inUrls = 0
  const token = /["[\]{}]/g
  for (let found = token.exec(text); found; found = token.exec(text)) {
    const { 0: word, index } = found
    if (word === '"') {
      token.lastIndex = endOfText(text, index + 1)
      const isUrl = text.slice(index + 1, index + 6).toLowerCase() === 'data:'
      if (isUrl && !isBeforeColon(text, token.lastIndex)) inUrls += token.lastIndex - index - 2
    } else {
      depth += word === '[' || word === '{' ? 1 : -1
      if (depth > MOST_DEPTH) throw refusal(`Input is nested more than ${MOST_DEPTH} deep`, 'too_deep')
    }
    if (index - inUrls > MOST_PLAIN_BYTES) break
  }
  const message = `Without its data: URLs, the JSON is larger than ${MOST_PLAIN_BYTES} bytes`
  if (bytes - inUrls > MOST_PLAIN_BYTES) throw new EngineError(413, message)
}

function isBeforeColon(text: string, at: number): boolean {
  const colon = /\s*:/y
  colon.lastIndex = at
  return colon.test(text)
}

/** What is wrong with a value, as far as its type tells. */
export function checkJson(
  { kind, array }: Input,
  { value, index }: NonNullable<Part['json']>,
): Pick<Problem, 'msg' | 'type'> | undefined {
  const most = Number.MAX_SAFE_INTEGER
  if (!array && (index !== undefined || Array.isArray(value)))
    return { msg: 'Input takes one value, and no list', type: 'too_many_values' }
  if (kind === 'number') {
    if (typeof value !== 'number') return { msg: 'Input should be a valid number', type: 'float_type' }
    if (Math.abs(value) <= most) return undefined
    return { msg: `Input should be a number from -${most} to ${most}`, type: 'int_parsing_size' }
  }
  if (kind === 'boolean')
    return typeof value === 'boolean'
      ? undefined
      : { msg: 'Input should be true or false', type: 'bool_type' }
  if (typeof value === 'string') return undefined
  const what = isFileKind(kind) ? 'a data: URL or an http(s) URL' : 'a valid string'
  return { msg: `Input should be ${what}`, type: 'string_type' }
}
