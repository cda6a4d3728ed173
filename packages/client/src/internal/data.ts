import type { Run } from '../types.ts'
import { isObject } from './options.ts'

/** Bytes without a type or a name. */
export const isBytes = (value: unknown): value is ArrayBuffer | ArrayBufferView =>
  value instanceof ArrayBuffer || ArrayBuffer.isView(value)

type Fields = Record<string, unknown>

/** The first of `values` that can stand for a text, as a string; else `''`. */
export function text(...values: unknown[]): string {
  return `${values.find((value) => typeof value === 'string' || typeof value === 'number') ?? ''}`
}

export const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])

/** Each item of `list` with `fields` set; `undefined` where there is no list. */
export function each<T>(list: unknown, fields: (item: Fields) => Fields): T[] | undefined {
  return Array.isArray(list) ? list.map((item) => ({ ...item, ...fields(Object(item)) })) : undefined
}

export function containerName(item: Fields): string {
  return text(item.container, item.url, item.comfy_uri)
}

/** A run with its published names. `id` is for servers that leave it out of the answer. */
export function toRun(run: unknown, id?: string): Run {
  const own = isObject(run) ? run : {}
  return {
    ...own,
    _id: text(own._id, own.run_id, own.id, id),
    status: text(own.status),
    inputs: list(own.inputs).map(withTexts),
    outputs: list(own.outputs).map(withTexts),
    ...(own.output_names !== undefined && {
      output_names: list(own.output_names).filter((name) => typeof name === 'string'),
    }),
  }
}

/** A copy of an input or output, without what is no text where there should be one. */
function withTexts(item: unknown): Fields {
  const own = typeof item === 'string' ? { filename: item } : { ...Object(item) }
  for (const name of ['path', 'filename', 'url']) if (typeof own[name] !== 'string') delete own[name]
  return own
}
