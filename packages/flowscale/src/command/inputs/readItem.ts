import type { InputItem } from '@flowscale/client'
import { type InputSpec, suggest } from '../workflow.ts'
import { readFileItem, readStdinItem } from './readFileItem.ts'
import { readNumber } from './readNumber.ts'
import { readTextItem } from './readTextItem.ts'
import type { Given, Sources } from './types.ts'

export type Item = InputItem | { readonly wrong: string }

const yes = /^(?:true|yes|1)$/i
const no = /^(?:false|no|0)$/i

/** One value of an input as it is sent, or a text that says what is wrong. */
export async function readItem(name: string, given: Given, spec: InputSpec, sources: Sources): Promise<Item> {
  const value = 'text' in given ? given.text : given.json
  if (value === null) return { wrong: 'is null; leave it out' }
  switch (spec.kind) {
    case 'number':
      return pick(readNumber(value, spec), spec)
    case 'boolean':
      return readBoolean(value)
    case 'string':
      if (typeof value !== 'string') return { wrong: `must be a text: put ${show(value)} in quotes` }
      return pick('text' in given ? await readTextItem(name, value, given.folder, sources) : value, spec)
    case 'unknown':
      return readUnknown(name, value, given, sources)
    default:
      return readFile(name, value, given, spec.kind, sources)
  }
}

function readBoolean(value: unknown): Item {
  if (typeof value === 'boolean') return value
  const text = typeof value === 'string' || typeof value === 'number' ? `${value}`.trim() : ''
  if (yes.test(text)) return true
  return no.test(text) ? false : { wrong: `must be true or false, not ${show(value)}` }
}

/** A value, where it is one of the choices. */
function pick(item: Item, { options }: InputSpec): Item {
  if (!options || typeof Object(item).wrong === 'string') return item
  if (options.some((option) => `${option}` === `${item}`)) return item
  const shown = options.slice(0, 12).map(show).join(', ')
  const more = options.length > 12 ? `, … (${options.length} in all)` : ''
  return {
    wrong: `must be one of ${shown}${more}; not ${show(item)}.${suggest(`${item}`, options.map(String))}`,
  }
}

function readFile(
  name: string,
  value: unknown,
  given: Given,
  kind: string,
  sources: Sources,
): Promise<Item> | Item {
  const article = /^[aeiou]/.test(kind) ? 'an' : 'a'
  if (typeof value !== 'string') return { wrong: `must be ${article} ${kind}: "@path", or a URL` }
  if (value.startsWith('@')) return readFileItem(value.slice(1), given.folder)
  if (value === '-') return readStdinItem(name, sources)
  if (/^(?:https?|data):/i.test(value)) return value
  const advice = value ? `to send the file ${show(value)}, write ${name}=@${value}` : `write ${name}=@path`
  return { wrong: `must be ${article} ${kind}; ${advice}, or give an http(s) or data URL` }
}

/** If the kind is unknown, a word is a file only if it is marked as one. All other words are sent as they are written. */
function readUnknown(name: string, value: unknown, given: Given, sources: Sources): Promise<Item> | Item {
  if (typeof value === 'object')
    return Array.isArray(value) ? { wrong: 'is a list in a list' } : toJson(value as object)
  if (typeof value !== 'string') return value as InputItem
  if (value.startsWith('@@')) return value.slice(1)
  if (value.startsWith('@')) return readFileItem(value.slice(1), given.folder)
  return value === '-' && 'text' in given ? readStdinItem(name, sources) : value
}

/** The text of an object. A large whole number keeps its digits: JSON has no limit for them, `JSON.stringify` has. */
const toJson = (value: object): string =>
  JSON.stringify(value, (_, item) => (typeof item === 'bigint' ? `\u0000${item}\u0000` : item)).replace(
    /"\\u0000(-?\d+)\\u0000"/g,
    '$1',
  )

const show = (value: unknown): string => {
  const text = typeof value === 'bigint' ? `${value}` : JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}
