import picocolors from 'picocolors'

type Colors = ReturnType<typeof picocolors.createColors>

/** What a stream of this process can show. */
export interface Terminal {
  readonly isTTY: boolean
  /** It cannot move its cursor, or does not know its size. */
  readonly isDumb: boolean
  /** In columns. */
  readonly width: number
  readonly hasUnicode: boolean
  readonly colors: Colors
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
