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

interface OpenObject {
  readonly close: '}'
  readonly entries: Map<string, unknown>
  /** Of the entry whose value comes next. */
  name: string
}

interface OpenList {
  readonly close: ']'
  readonly items: unknown[]
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
  /** The objects and lists that are not closed yet. */
  const opened: (OpenObject | OpenList)[] = []
  let root: unknown
  /** What must come next; `undefined` after the root value. */
  let expected: string | undefined = aValue

  const fail = (position: number, message: string): never => {
    throw new JsonError(text, position, message)
  }
  const refuse = (position: number): never => {
    const wantsText = expected === aName || expected === aValue
    if (text[position] === '"' && wantsText)
      return fail(position, 'this text is not closed, or has a line break or a wrong \\ in it')
    const { close } = opened.at(-1) ?? {}
    const follows = text.slice(0, position).trimEnd().at(-1)
    if (wantsText && follows === ',' && text[position] === close)
      return fail(position, `a "," stands before "${close}"`)
    const found = wordAt(text, position)
    return fail(
      position,
      expected
        ? `${expected} should stand here, not ${found}`
        : `nothing more should stand here, but ${found} does`,
    )
  }
  const open = (position: number, container: OpenObject | OpenList): void => {
    if (opened.length > mostLevels) fail(position, 'this is nested too deeply')
    opened.push(container)
    expected = container.close === '}' ? aName : aValue
  }
  const add = (value: unknown): void => {
    const container = opened.at(-1)
    expected = container && `"," or "${container.close}"`
    if (!container) root = value
    else if (container.close === ']') container.items.push(value)
    else container.entries.set(container.name, value)
  }
  // The parser calls it at the end of the text, too, before it reports that a bracket is missing.
  const end = (position: number): void => {
    const container = opened.at(-1)!
    if (text[position] !== container.close) refuse(position)
    opened.pop()
    add(container.close === ']' ? container.items : Object.fromEntries(container.entries))
  }

  visit(
    text,
    {
      onObjectBegin: (position) => open(position, { close: '}', entries: new Map(), name: '' }),
      onObjectProperty(name, position) {
        const object = opened.at(-1) as OpenObject
        if (object.entries.has(name)) fail(position, `the name ${JSON.stringify(name)} comes twice`)
        object.name = name
        expected = '":"'
      },
      onObjectEnd: end,
      onArrayBegin: (position) => open(position, { close: ']', items: [] }),
      onArrayEnd: end,
      onSeparator(character) {
        expected = character === ',' && opened.at(-1)!.close === '}' ? aName : aValue
      },
      onLiteralValue(value, position, length) {
        if (typeof value !== 'number') return add(value)
        // The parser reads 01 as two numbers.
        if (/[\w.+-]/.test(text[position + length] ?? '')) refuse(position)
        const digits = text.slice(position, position + length)
        if (!Number.isFinite(value)) fail(position, `${digits} is too large`)
        add(Number.isSafeInteger(value) || !/^-?\d+$/.test(digits) ? value : BigInt(digits))
      },
      onError: (_, position) => refuse(position),
    },
    { disallowComments: true },
  )
  return root
}

/** The word at a position, for a message. */
function wordAt(text: string, position: number): string {
  if (position >= text.length) return 'the end of the text'
  const [word = text[position]!] = /^[^ \t\r\n,:[\]{}"]+/.exec(text.slice(position, position + 20)) ?? []
  return JSON.stringify(word)
}
