import { visit } from 'jsonc-parser'

/** What is wrong with a JSON text, and where. */
export class JsonError extends Error {
  /** Both from 1. */
  readonly line: number
  readonly column: number

  constructor(text: string, position: number, message: string) {
    super(message)
    const lines = text.slice(0, position).split('\n')
    this.line = lines.length
    this.column = lines.at(-1)!.length + 1
  }
}

/** An object or a list that is not closed yet. */
interface Open {
  /** The bracket that closes it; left out for the whole text. */
  readonly close?: '}' | ']'
  /** Of an object, in the order of `values`. */
  readonly names?: Set<string>
  readonly values: unknown[]
}

/** No real JSON is deeper. */
const mostLevels = 200

const aName = 'a name in double quotes'
const aValue = 'a value'

/**
 * Reads JSON like `JSON.parse`, with three differences. An error has a line and a column in every version of Node. A whole
 * number keeps all its digits, as a `bigint` if necessary. A name that comes twice is an error.
 */
export function parseJson(text: string): unknown {
  const whole: Open = { values: [] }
  const opened = [whole]
  const innermost = (): Open => opened.at(-1)!
  /** What must come next; `undefined` after the value of the whole text. */
  let expected: string | undefined = aValue

  const fail = (position: number, message: string): never => {
    throw new JsonError(text, position, message)
  }
  const refuse = (position: number): never =>
    fail(position, refusalOf(text, position, expected, innermost().close))
  const begin = (position: number, container: Open): void => {
    if (opened.length > mostLevels + 1) fail(position, 'this is nested too deeply')
    opened.push(container)
    expected = container.names ? aName : aValue
  }
  const add = (value: unknown): void => {
    const { close, values } = innermost()
    values.push(value)
    expected = close && `"," or "${close}"`
  }
  const end = (position: number): void => {
    const { close, names, values } = innermost()
    // The library ends what is open at the end of the text, too, before it reports that a bracket is missing.
    if (text[position] !== close) refuse(position)
    opened.pop()
    add(names ? Object.fromEntries([...names].map((name, index) => [name, values[index]])) : values)
  }

  visit(
    text,
    {
      onObjectBegin: (position) => begin(position, { close: '}', names: new Set(), values: [] }),
      onObjectProperty(name, position) {
        const { names } = innermost()
        if (names!.has(name)) fail(position, `the name ${JSON.stringify(name)} comes twice`)
        names!.add(name)
        expected = '":"'
      },
      onObjectEnd: end,
      onArrayBegin: (position) => begin(position, { close: ']', values: [] }),
      onArrayEnd: end,
      onSeparator(character) {
        expected = character === ',' && innermost().names ? aName : aValue
      },
      onLiteralValue(value, position, length) {
        if (typeof value !== 'number') return add(value)
        // The library reads 01 as two numbers.
        if (/[\w.+-]/.test(text[position + length] ?? '')) refuse(position)
        const digits = text.slice(position, position + length)
        if (!Number.isFinite(value)) fail(position, `${digits} is too large`)
        add(Number.isSafeInteger(value) || !/^-?\d+$/.test(digits) ? value : BigInt(digits))
      },
      onError: (_, position) => refuse(position),
    },
    { disallowComments: true },
  )
  return whole.values[0]
}

/** The message for a position where `expected` does not stand. */
function refusalOf(text: string, position: number, expected = '', close: string | undefined): string {
  const first = text[position]
  if (expected === aName || expected === aValue) {
    if (first === '"') return 'this text is not closed, or has a line break or a wrong \\ in it'
    const isAfterComma = text.slice(0, position).trimEnd().endsWith(',')
    if (first === close && isAfterComma) return `a "," stands before "${close}"`
  }
  const [word = first] = /^[^ \t\r\n,:[\]{}"]+/.exec(text.slice(position, position + 20)) ?? []
  const found = word === undefined ? 'the end of the text' : JSON.stringify(word)
  return expected
    ? `${expected} should stand here, not ${found}`
    : `nothing more should stand here, but ${found} does`
}
