// Reads a request of OpenAI's image API, and fits its fields to the inputs of a workflow.
import { type Input, InputError, type Workflow } from '../../engine.ts'
import type { FormHash } from '../form/createFormHash.ts'
import type { Part } from '../form/multipart.ts'
import { readBody } from '../form/readForm.ts'
import { encode } from '../form/readJson.ts'
import type { ApiRequest } from '../types.ts'

/** The body is held in memory, since its fields come in any order. */
const MOST_BYTES = 64 * 2 ** 20
const MOST_IMAGES = 10
const MOST_PARTIAL = 3

/** A field as it was sent, whole. */
interface Sent extends Pick<Part, 'file' | 'json'> {
  readonly bytes: Uint8Array
}

export interface ImageRequest {
  readonly model: string
  readonly n: number
  readonly format: 'b64_json' | 'url'
  readonly isStream: boolean
  readonly partialImages: number
  readonly fields: ReadonlyMap<string, readonly Sent[]>
}

/** Reads the fields, and hashes them. `hold` hears of each piece that is kept in memory. */
export async function readImageRequest(
  call: ApiRequest,
  hash: FormHash,
  hold: (bytes: number) => void,
): Promise<ImageRequest> {
  const fields = new Map<string, Sent[]>()
  const { request } = call
  const body = { request, maxBodyBytes: Math.min(call.maxBodyBytes, MOST_BYTES), takesJson: true }
  await readBody(body, async (parts) => {
    for await (const part of parts) {
      const name = part.name.replace(/\[\d*\]$/, '')
      const { file, json } = part
      const chunks: Uint8Array<ArrayBuffer>[] = []
      for await (const chunk of hash.listen(part).body) {
        hold(chunk.byteLength)
        chunks.push(chunk as Uint8Array<ArrayBuffer>)
      }
      const bytes = new Uint8Array(await new Blob(chunks).arrayBuffer())
      fields.set(name, [...(fields.get(name) ?? []), { file, json, bytes }])
    }
  })
  const text = (name: string): string | undefined => {
    const [first, second] = fields.get(name) ?? []
    if (second || first?.file) throw refusal(name, 'Input takes one text')
    return first && decode(first)
  }
  const count = (name: string, least: number, most: number): number => {
    const value = text(name)
    const found = Number(value ?? least)
    if (value !== undefined && !(/^\d+$/.test(value) && found >= least && found <= most))
      throw refusal(name, `Input should be an integer from ${least} to ${most}`)
    return found
  }
  const choice = <T extends string>(name: string, ...choices: readonly T[]): T => {
    const found = choices.find((one) => one === (text(name) ?? choices[0]))
    if (found === undefined) throw refusal(name, `Input should be ${choices.join(' or ')}`)
    return found
  }
  const model = text('model')
  if (!model) throw refusal('model', 'Field required: the id of a workflow')
  const n = count('n', 1, MOST_IMAGES)
  const isStream = choice('stream', 'false', 'true') === 'true'
  if (isStream && n > 1) throw refusal('n', 'Input should be 1 with stream')
  const partialImages = count('partial_images', 0, MOST_PARTIAL)
  return { model, n, isStream, partialImages, format: choice('response_format', 'b64_json', 'url'), fields }
}

const OWN = ['model', 'n', 'response_format', 'stream', 'partial_images']
/** Fields for OpenAI's models alone: without an input of that name, they are ignored. */
const IGNORED = [
  'background',
  'input_fidelity',
  'moderation',
  'output_compression',
  'output_format',
  'quality',
  'size',
  'style',
  'user',
]

/** The values for the inputs of a workflow, and the fields that none of its inputs takes. */
export interface Fitted {
  /** The parts of the form of one run, the first of them number 0. */
  partsOf(run: number): AsyncGenerator<Part, void>
  readonly ignored: readonly string[]
}

/** Fits the fields to the inputs: by their role, or else by their name. */
export function fitFields(workflow: Workflow, { fields }: ImageRequest, isEdit: boolean): Fitted {
  const values: [input: string, sent: Sent][] = []
  const ignored: string[] = []
  if (isEdit && !fields.has('image')) throw refusal('image', 'Field required')
  for (const [field, sent] of fields) {
    if (OWN.includes(field)) continue
    if (field === 'image') {
      putImages(workflow, sent, values)
      continue
    }
    const text = decode(sent[0]!)
    if (field === 'size' && putSize(workflow, text, values)) continue
    const input = inputFor(workflow, field)
    const isForeign = IGNORED.includes(field)
    if (input !== undefined && !(isForeign && isNoValue(workflow.inputs.get(input)!, text)))
      values.push(...sent.map((one) => [input, one] as [string, Sent]))
    // Without its prompt, a workflow such as an upscaler still does what it is for.
    else if (isForeign || field === 'prompt') ignored.push(field)
    else throw refusal(field, `The model ${workflow.id} has no such input`)
  }
  const seed = inputFor(workflow, 'seed')
  return {
    ignored,
    async *partsOf(run) {
      for (const [name, sent] of values) {
        const next = run > 0 && name === seed ? Number(decode(sent)) + run : undefined
        const { file, json, bytes } = Number.isSafeInteger(next) ? textOf(`${next}`) : sent
        const value = json && { value: json.value, index: undefined }
        yield { name, file, json: value, body: file ? whole(bytes) : encode(decode({ bytes })) }
      }
    },
  }
}

/** Whether an input can't take this text, which is meant for a model of OpenAI, such as the quality `high`. */
const isNoValue = ({ kind }: Input, text: string): boolean =>
  kind === 'number' ? text.trim() === '' || Number.isNaN(Number(text)) : kind !== 'string'

/** Gives the sides of a picture to a workflow that has inputs for both. False: `size` is a field as any other. */
function putSize(workflow: Workflow, size: string, values: [string, Sent][]): boolean {
  if (size === 'auto') return !workflow.inputs.has('size')
  const [, ...sides] = /^(\d{1,5})x(\d{1,5})$/.exec(size) ?? []
  const [width, height] = [inputFor(workflow, 'width'), inputFor(workflow, 'height')]
  if (width === undefined || height === undefined) return false
  if (sides.length === 0) throw refusal('size', 'Input should be auto, or a size such as 1024x1024')
  values.push([width, textOf(sides[0]!)], [height, textOf(sides[1]!)])
  return true
}

const textOf = (text: string): Sent => ({ bytes: new TextEncoder().encode(text) })

const decode = ({ bytes }: Pick<Sent, 'bytes'>): string => new TextDecoder().decode(bytes)

async function* whole(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  yield bytes
}

/** The input with this name, or else the first one with the role of this name. A workflow's only text is its prompt. */
function inputFor({ inputs }: Workflow, field: string): string | undefined {
  if (inputs.has(field)) return field
  const [found] = [...inputs].find(([, { role }]) => role === field) ?? []
  if (found !== undefined || field !== 'prompt') return found
  const texts = [...inputs].filter(([, { kind, options }]) => kind === 'string' && !options)
  return texts.length === 1 ? texts[0]![0] : undefined
}

/** Gives each picture an input of its own, in their order; one that takes several takes all that are left. */
function putImages({ id, inputs }: Workflow, sent: readonly Sent[], values: [string, Sent][]): void {
  const isImage = ([name, { kind, role }]: [string, Input]): boolean =>
    kind === 'image' && role !== 'mask' && name !== 'mask'
  const free = [...inputs].filter(isImage)
  for (const one of sent) {
    const [name, input] = free[0] ?? []
    if (name === undefined)
      throw refusal('image', `Images that the model ${id} takes: ${[...inputs].filter(isImage).length}`)
    values.push([name, one])
    if (!input!.array) free.shift()
  }
}

export const refusal = (field: string, msg: string): InputError =>
  new InputError([{ loc: ['body', field], msg, type: 'value_error' }])
