import type { Run } from './types.ts'

// A word that is in none of these lists is not terminal.
export const isDone = (status: string | undefined): boolean => ['completed', 'success'].includes(status!)
export const isFailed = (status: string | undefined): boolean =>
  ['failed', 'error', 'cancelled', 'canceled', 'timed_out'].includes(status!)
/** The words for a run that has a place in the queue. */
export const isWaiting = (status: string | undefined): boolean => ['queued', 'pending'].includes(status!)
export const isGoing = (status: string | undefined): boolean =>
  ['queued', 'pending', 'running', 'in_progress'].includes(status!)

/** Whether a value is an object, but not an array, a Map, Headers or the like. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return {}.toString.call(value) === '[object Object]'
}

/** The JSON in `text`, or `text` itself. */
export function parse(text: string | undefined): unknown {
  try {
    return JSON.parse(text!)
  } catch {
    return text
  }
}

/** Whether a value is bytes without a type or a name. */
export const isBytes = (value: unknown): value is ArrayBuffer | ArrayBufferView =>
  value instanceof ArrayBuffer || ArrayBuffer.isView(value)

type Fields = Record<string, unknown>

/** The first of `values` that is a string or a number, as a string, or else `''`. */
export function text(...values: unknown[]): string {
  return `${values.find((value) => typeof value === 'string' || typeof value === 'number') ?? ''}`
}

export const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])

/** The items of `list` with their `fields`, or `undefined` without a list. An item that is no object counts as empty. */
export function each<T>(list: unknown, fields: (item: Fields) => Fields): T[] | undefined {
  if (!Array.isArray(list)) return undefined
  return list.map((item) => {
    const own = isObject(item) ? item : {}
    return { ...own, ...fields(own) } as T
  })
}

export function containerName(item: Fields): string {
  return text(item.container, item.url, item.comfy_uri)
}

/**
 * The server's messages in any form: a string, a list or FastAPI's details. An empty field does not hide the field
 * after it.
 */
export function problems(said: unknown, depth = 0): { field: string; message: string }[] {
  if (depth > 4 || !said) return []
  if (Array.isArray(said)) return said.flatMap((item) => problems(item, depth + 1))
  const { loc, msg, errors, detail, error, message } = isObject(said) ? said : { msg: said }
  const own = text(msg)
  if (own) return [{ field: [loc ?? []].flat().join('.'), message: own }]
  return (
    [errors, detail, error, message].map((part) => problems(part, depth + 1)).find((found) => found.length) ??
    []
  )
}

/** The reason why a run failed, as a text, or `''`. */
function reasonOf(error: unknown): string {
  const said = problems(error).map(({ message }) => message)
  try {
    return said.join('; ') || (Object.keys(Object(error)).length ? JSON.stringify(error) : '')
  } catch {
    // Nested too deep for JSON.
    return ''
  }
}

/**
 * The progress of a run, from 0 to 1. Servers send `progress` as a fraction, as a percentage (above 1) or as
 * `{ value, max }`, or they send `value` and `max`. A 1 is ignored while the run is not done, because it may mean 1 %.
 */
export function toProgress({ progress, value, max, status = 'success' }: Fields): number | undefined {
  if (isObject(progress)) return toProgress(progress)
  const told = Number.parseFloat(progress as string)
  const isPart = told < 1 || (told === 1 && isDone(status as string))
  const part = told > 1 ? told / 100 : isPart ? told : Number(value) / Number(max)
  return part >= 0 && part <= 1 ? part : undefined
}

/** A run with its published names. `id` is for servers that leave out the id. */
export function toRun(run: unknown, id?: string): Run {
  const own: Fields = isObject(run) ? run : {}
  const { progress: _, position, ...rest } = own
  const progress = toProgress(own)
  for (const name of ['workflow_id', 'group_id', 'created_at', 'started_at', 'completed_at']) {
    if (own[name] != null) rest[name] = text(own[name])
  }
  return {
    ...rest,
    ...(own.error != null && { error: reasonOf(own.error) }),
    ...(progress !== undefined && { progress }),
    ...(typeof position === 'number' && { position }),
    _id: text(own._id, own.run_id, own.id, id),
    status: text(own.status),
    inputs: list(own.inputs).map(withTexts),
    outputs: list(own.outputs).map(withTexts),
    ...(own.output_names !== undefined && {
      output_names: list(own.output_names).filter((name) => typeof name === 'string'),
    }),
  }
}

/** A copy of an input or output, without those fields that should be texts and are not. */
function withTexts(item: unknown): Fields {
  const own = typeof item === 'string' ? { filename: item } : { ...Object(item) }
  for (const name of ['path', 'filename', 'url']) if (typeof own[name] !== 'string') delete own[name]
  return own
}
