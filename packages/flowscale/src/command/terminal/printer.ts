import picocolors from 'picocolors'

/** Prints for a verb. Stdout is for results, stderr for everything else. */
export interface Printer {
  readonly isJson: boolean
  /** By `--quiet`: only results and errors. */
  readonly isQuiet: boolean
  /** An event: a line of JSON for programs, nothing for people. */
  event(name: string, fields: object): void
  /** The result, which comes last: JSON for programs, `text` for people. */
  result(value: unknown, text: string): void
  /** A line for people, on stderr. Programs get none. */
  note(line: string): void
  /** An error, for programs or people. */
  error(fields: object, message: string): void
}

/** All texts are made harmless, because parts of them may come from the server. JSON keeps its meaning. */
export function createPrinter({ isJson, isQuiet }: Pick<Printer, 'isJson' | 'isQuiet'>): Printer {
  const printJson = (value: unknown) => writeLines(process.stdout, `${cleanJson(JSON.stringify(value))}\n`)
  return {
    isJson,
    isQuiet,
    event(name, fields) {
      if (isJson) printJson({ event: name, ...fields })
    },
    result(value, text) {
      if (isJson) printJson(value)
      else if (text) writeLines(process.stdout, `${cleanLines(text.replace(/\n$/, ''))}\n`)
    },
    note(line) {
      if (!isJson && !isQuiet) writeLines(process.stderr, `${cleanLine(line)}\n`)
    },
    error(fields, message) {
      if (isJson) return printJson({ error: fields })
      const { colors } = terminal(process.stderr)
      writeLines(process.stderr, `${colors.red('flowscale:')} ${clean(message)}\n`)
    },
  }
}

/** Controls, and the marks that turn the direction of writing. */
const hidden = String.raw`[\p{Cc}\p{Bidi_Control}]`
const hiddenParts = new RegExp(hidden, 'gu')
/** The colours that the command itself uses, and the end of each; else a line break. */
const kept = String.raw`\x1b\[(?:[012]|22|3[0-79]|9[0-7])m|\n`
const keptOrHidden = new RegExp(`(${kept})|${hidden}`, 'gu')

const escaped = (character: string): string => {
  const code = character.charCodeAt(0).toString(16)
  return code.length > 2 ? `\\u${code.padStart(4, '0')}` : `\\x${code.padStart(2, '0')}`
}

/**
 * A text of a server as one line that a terminal only shows: each character that would move the cursor, colour or hide
 * something is written out, such as `\x1b`. Up to three spaces stay, as in `running   5 %`.
 */
export const clean = (text: string): string =>
  text
    .trim()
    .replace(/\s+/g, (spaces) => (/^ {1,3}$/.test(spaces) ? spaces : ' '))
    .replace(hiddenParts, escaped)

/** A line that the command made, which keeps its spaces. */
const cleanLine = (text: string): string =>
  text.replace(/(?<!\s)\s*\n\s*/g, ' ').replace(hiddenParts, escaped)

/** A text that the command made, which keeps its lines and colours. */
const cleanLines = (text: string): string =>
  text.replace(keptOrHidden, (character, isKept) => (isKept ? character : escaped(character)))

/** JSON that means the same, and that a terminal only shows. */
const cleanJson = (json: string): string =>
  json.replace(hiddenParts, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)

/** A word for a shell: people copy it there, and a server may have written it. */
export const quote = (word: string): string =>
  /^[\w./:=@+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`

/** What a stream of this process can show. */
export interface Terminal {
  readonly isTTY: boolean
  /** It cannot move its cursor, or does not know its size. */
  readonly isDumb: boolean
  /** In columns. */
  readonly width: number
  readonly hasUnicode: boolean
  readonly colors: ReturnType<typeof picocolors.createColors>
}

/** Read at each use, because a window may be resized. */
export function terminal(stream: NodeJS.WriteStream): Terminal {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env
  const isTTY = Boolean(stream.isTTY)
  const isDumb = TERM === 'dumb' || (isTTY && !stream.columns)
  const isForced = Boolean(FORCE_COLOR) && FORCE_COLOR !== '0'
  const isColored = NO_COLOR ? false : FORCE_COLOR ? isForced : isTTY && !isDumb
  const locale = process.env.LC_ALL || process.env.LC_CTYPE || process.env.LANG || ''
  return {
    isTTY,
    isDumb,
    width: stream.columns || 80,
    hasUnicode: !isDumb && (process.platform === 'win32' || /utf-?8/i.test(locale)),
    colors: picocolors.createColors(isColored),
  }
}

/** The moving line at the bottom of a terminal: taken away while something else is written. */
export interface StatusLine {
  clear(): void
  render(): void
}

let current: StatusLine | undefined

/** A process has one terminal, and so one moving line at a time. */
export function setStatusLine(line: StatusLine | undefined): void {
  current = line
}

/** Writes whole lines above the moving line. */
export function writeLines(stream: NodeJS.WriteStream, text: string): void {
  current?.clear()
  stream.write(text)
  current?.render()
}

/** The value of an input as a person reads it. */
export const asText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))
