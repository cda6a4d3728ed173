// The door for workers that dial in. Each message is checked: anybody with the key for workers may send one.
import { type Engine, EngineError, MOST_PREVIEW_BYTES } from '../../engine.ts'
import { isObject } from '../../options.ts'
import type { Outcome, WorkerPort } from '../../workerPort.ts'
import { json } from '../answers.ts'
import type { PlainRequest } from '../types.ts'

/** A larger message of a worker is refused. */
const MOST_BYTES = 64 * 1024
/** With the texts of outputs, or what ComfyUI says of a class. */
const LARGE: Readonly<Record<string, number>> = { end: 64 * 2 ** 20, answer: 64 * 2 ** 20 }
/** So much memory is for the messages that are read at the same time, by all gateways of this process. */
const MOST_AT_ONCE = 4 * 64 * 2 ** 20
let bytesAtOnce = 0
const NAME = /^[\w.-]{1,64}$/

/** `path`: the action, with the ids of a run and a file if it needs them. The headers say which worker it is. */
export async function serveWorker(
  { dialIn }: Engine,
  path: string,
  request: PlainRequest,
): Promise<Response> {
  const { method, headers, signal } = request
  const name = headers.get('x-worker') ?? ''
  const session = headers.get('x-worker-session') ?? ''
  if (!NAME.test(name) || !NAME.test(session))
    throw new EngineError(400, 'The name of a worker must be 1 to 64 letters, digits and "._-"')
  const [action = '', id = '', file = ''] = partsOf(path)
  const isInput = method === 'GET' && action === 'inputs'
  const isOutput = method === 'PUT' && action === 'outputs'
  const isPreview = method === 'PUT' && action === 'preview'
  const act = method === 'POST' && Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined
  // Before `dialIn`, which would take the name for this worker.
  if (!isInput && !isOutput && !isPreview && !act) throw new EngineError(404, 'Not Found')
  const port = await dialIn!(name, session)
  if (isInput) {
    const { body, size } = await port.openInput(id, file)
    // So that a worker notices a body that was cut off.
    return new Response(body, { headers: { 'content-length': `${size}` } })
  }
  if (act) {
    const message = await readJson(request, LARGE[action] ?? MOST_BYTES)
    return json(200, (await act(port, id, message, signal)) ?? {})
  }
  if (isPreview) await port.putPreview(id, await readBytes(request, MOST_PREVIEW_BYTES))
  else await port.putOutput(id, file, request.body ?? new Blob([]).stream())
  return json(200, {})
}

function partsOf(path: string): string[] {
  try {
    return path.split('/').map(decodeURIComponent)
  } catch {
    return []
  }
}

type Action = (
  port: WorkerPort,
  id: string,
  body: Record<string, unknown>,
  signal: AbortSignal,
) => Promise<unknown>

const ACTIONS: Readonly<Record<string, Action>> = {
  poll: (port, _id, { has, stopping, isUp }, signal) =>
    port.poll({ has: texts(has), stopping: texts(stopping), isUp: isUp === true }, signal),
  send: async (port, id) => ({ mark: await port.send(id) }),
  back: (port, id, { mark }) => port.giveBack(id, typeof mark === 'number' ? mark : undefined),
  report: (port, id, { progress, node, isDone }) => {
    const news = {
      progress: inRange(progress),
      ...(typeof node === 'string' && { node: node.slice(0, 200) }),
    }
    return port.report(id, news, isDone === true)
  },
  end: (port, id, body) => port.end(id, outcomeOf(body)),
  answer: (port, id, { status, text }) => {
    if (typeof status !== 'number' || typeof text !== 'string') throw malformed()
    return port.answer(id, { status, text })
  },
}

const malformed = (): EngineError =>
  new EngineError(400, 'The message of the worker has another form than this gateway reads: update both')

async function readJson(request: PlainRequest, most: number): Promise<Record<string, unknown>> {
  const bytes = await readBytes(request, most)
  try {
    const value = JSON.parse(new TextDecoder().decode(bytes))
    if (isObject(value)) return value
  } catch {}
  throw malformed()
}

/** Reads a message. Its bytes are counted as they come: `content-length` may be wrong. */
async function readBytes({ headers, body }: PlainRequest, most: number): Promise<Uint8Array> {
  if (Number(headers.get('content-length')) > most) throw malformed()
  // One piece of memory, since a list of small chunks takes a hundred times their bytes.
  let bytes = new Uint8Array()
  let size = 0
  try {
    for await (const chunk of body ?? []) {
      if (size + chunk.length > most) throw malformed()
      if (size + chunk.length > bytes.length) {
        const larger = Math.min(most, 2 * (size + chunk.length))
        // Short messages always find room.
        if (larger > MOST_BYTES && bytesAtOnce + larger - bytes.length > MOST_AT_ONCE)
          throw new EngineError(503, 'Too many messages of workers come at once', { retryAfterS: 5 })
        bytesAtOnce += larger - bytes.length
        const before = bytes.subarray(0, size)
        bytes = new Uint8Array(larger)
        bytes.set(before)
      }
      bytes.set(chunk, size)
      size += chunk.length
    }
    return bytes.subarray(0, size)
  } catch (error) {
    if (error instanceof EngineError) throw error
  } finally {
    bytesAtOnce -= bytes.length
  }
  throw malformed()
}

function texts(value: unknown): string[] {
  if (!Array.isArray(value) || !value.every((one) => typeof one === 'string')) throw malformed()
  return value
}

function inRange(value: unknown): number {
  if (typeof value !== 'number' || !(value >= 0 && value <= 1)) throw malformed()
  return value
}

function outcomeOf({ status, error, completedAt, files, fault }: Record<string, unknown>): Outcome {
  if (status !== 'completed' && status !== 'failed' && status !== 'cancelled') throw malformed()
  if (error !== null && typeof error !== 'string') throw malformed()
  if (!Array.isArray(files)) throw malformed()
  return {
    status,
    error: error?.slice(0, 10_000) ?? null,
    completedAt: timeOf(completedAt),
    files: files.map(fileOf),
    fault: typeof fault === 'string' ? fault.slice(0, 100) : undefined,
  }
}

/** A worker's clock may be wrong. */
const timeOf = (value: unknown): number | null =>
  typeof value === 'number' && Math.abs(Date.now() - value) < 86_400_000 ? value : null

function fileOf(value: unknown): Outcome['files'][number] {
  const { name, text, at } = Object(value)
  if (typeof name !== 'string' || (text !== undefined && typeof text !== 'string')) throw malformed()
  return text === undefined || at
    ? { name, at: { filename: name, subfolder: '', type: 'output' } }
    : { name, text }
}
