/** Whether a value is an object, and no array, Map, Headers or other built-in. */
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

export type Fields = Record<string, unknown>

/** The first of `values` that is a string or a number, as a string, or else `''`. */
export function asText(...values: unknown[]): string {
  return `${values.find((value) => typeof value === 'string' || typeof value === 'number') ?? ''}`
}

export const asList = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])

/** The items of `list` with their `fields`, or `undefined` if `list` is no array. An item that is no object counts as empty. */
export function mapItems<T>(list: unknown, fields: (item: Fields) => Fields): T[] | undefined {
  if (!Array.isArray(list)) return undefined
  return list.map((item) => {
    const own = isObject(item) ? item : {}
    return { ...own, ...fields(own) } as T
  })
}

/** The name of a container, which servers put into different fields. */
export function containerName(item: Fields): string {
  return asText(item.container, item.url, item.comfy_uri)
}
