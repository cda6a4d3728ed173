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

/** No real JSON is deeper. */
const mostLevels = 200

const space = /[ \t\r\n]*/y
const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const string = /"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[\dA-Fa-f]{4}))*"/y
const word = /[^\s,:[\]{}"]+/y

/**
 * Reads JSON like `JSON.parse`, with three differences. An error has a line and a column in every version of Node. A whole
 * number keeps all its digits, as a `bigint` if necessary. A name that comes twice is an error.
 */
export function parseJson(text: string): unknown {
  let at = 0

  const fail = (message: string, position = at): never => {
    throw new JsonError(text, position, message)
  }
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    const [found] = pattern.exec(text) ?? []
    at += found?.length ?? 0
    return found
  }
  const shown = (): string => {
    if (at >= text.length) return 'the end of the text'
    word.lastIndex = at
    const [found] = word.exec(text) ?? []
    return JSON.stringify((found ?? text[at]!).slice(0, 20))
  }
  const expect = (what: string): never => fail(`${what} should stand here, not ${shown()}`)
  const skip = (): string | undefined => {
    take(space)
    return text[at]
  }

  const readString = (what: string): string => {
    const found = take(string)
    if (found !== undefined) return JSON.parse(found)
    return text[at] === '"'
      ? fail('this text is not closed, or has a line break or a wrong \\ in it')
      : expect(what)
  }

  const readNumber = (): number | bigint => {
    const start = at
    const found = take(number)
    if (found === undefined || /[\w.+-]/.test(text[at] ?? '')) {
      at = start
      return expect('a value')
    }
    const value = Number(found)
    if (!Number.isFinite(value)) fail(`${found} is too large`, start)
    return Number.isSafeInteger(value) || !/^-?\d+$/.test(found) ? value : BigInt(found)
  }

  const readList = (close: string, level: number, readItem: (level: number) => void): void => {
    if (level > mostLevels) fail('this is nested too deeply')
    at++
    if (skip() === close) {
      at++
      return
    }
    for (;;) {
      readItem(level + 1)
      const next = skip()
      if (next !== ',' && next !== close) expect(`"," or "${close}"`)
      at++
      if (next === close) return
      if (skip() === close) fail(`a "," stands before "${close}"`)
    }
  }

  const readValue = (level: number): unknown => {
    const first = skip()
    if (first === '"') return readString('a value')
    if (first === '[') {
      const items: unknown[] = []
      readList(']', level, (deeper) => items.push(readValue(deeper)))
      return items
    }
    if (first === '{') {
      const entries = new Map<string, unknown>()
      readList('}', level, (deeper) => {
        skip()
        const start = at
        const name = readString('a name in double quotes')
        if (entries.has(name)) fail(`the name ${JSON.stringify(name)} comes twice`, start)
        if (skip() !== ':') expect('":"')
        at++
        entries.set(name, readValue(deeper))
      })
      return Object.fromEntries(entries)
    }
    if (first !== undefined && /[-\d]/.test(first)) return readNumber()
    const start = at
    const found = take(word)
    if (found === 'true' || found === 'false') return found === 'true'
    if (found === 'null') return null
    at = start
    return expect('a value')
  }

  const value = readValue(0)
  if (skip() !== undefined) fail(`nothing more should stand here, but ${shown()} does`)
  return value
}
