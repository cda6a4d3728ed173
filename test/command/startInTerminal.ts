// A command in a real terminal: util-linux `script` opens it, @xterm/headless shows what a person would see.
import { type ChildProcess, spawn } from 'node:child_process'
import xterm from '@xterm/headless'

/** Elsewhere `script` is another program: tests with a terminal are skipped there. */
export const hasTerminals = process.platform === 'linux'

export interface TerminalOptions {
  cwd?: string | undefined
  /** All that is set besides PATH, LANG and TERM. */
  env?: Record<string, string>
  /** Default: 80. */
  columns?: number
  /** Default: 24. */
  rows?: number
}

export interface InTerminal {
  child: ChildProcess
  /** With the exit code, or 128 and the number of the signal that ended it. */
  ended: Promise<{ code: number | null; screen: string; raw: string }>
  /** The lines that are seen now, and those that have scrolled away, without the empty ones at the end. */
  screen(): string
  /** Everything that was written, with its escape sequences. */
  raw(): string
  /** Waits until the screen matches; an error if the command ends without, or it takes a minute. */
  shows(pattern: RegExp): Promise<void>
  /** Keystrokes: `\x03` is Ctrl-C. */
  type(keys: string): void
}

const quote = (word: string) => `'${word.replaceAll("'", "'\\''")}'`

export function commandInTerminal(command: readonly string[], options: TerminalOptions = {}): InTerminal {
  const { cwd, env, columns = 80, rows = 24 } = options
  const line = `stty cols ${columns} rows ${rows}; exec ${command.map(quote).join(' ')}`
  const child = spawn('script', ['-qefc', line, '/dev/null'], {
    cwd,
    env: { PATH: process.env.PATH, LANG: 'C.UTF-8', TERM: 'xterm-256color', SHELL: '/bin/sh', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const terminal = new xterm.Terminal({
    cols: columns || 80,
    rows,
    scrollback: 10_000,
    allowProposedApi: true,
  })
  let raw = ''
  const looks = new Set<() => void>()
  child.stdin!.on('error', () => {})
  child.stdout!.on('data', (bytes: Buffer) => {
    raw += bytes
    terminal.write(bytes, () => {
      for (const look of looks) look()
    })
  })
  const screen = () => {
    const { active } = terminal.buffer
    const lines = Array.from(
      { length: active.length },
      (_, row) => active.getLine(row)?.translateToString(true) ?? '',
    )
    return lines.join('\n').trimEnd()
  }
  const ended = new Promise<number | null>((settle) => child.on('close', settle)).then(async (code) => {
    await new Promise<void>((settle) => terminal.write('', settle))
    return { code, screen: screen(), raw }
  })
  return {
    child,
    ended,
    screen,
    raw: () => raw,
    shows: (pattern) =>
      new Promise((settle, reject) => {
        const fail = (how: string) => {
          clearTimeout(timer)
          looks.delete(look)
          // Else the test's process would wait for it.
          child.kill('SIGKILL')
          reject(new Error(`${how} without ${pattern}: ${screen()}\n${JSON.stringify(raw.slice(-500))}`))
        }
        const timer = setTimeout(() => fail('a minute'), 60_000)
        const look = () => {
          if (!pattern.test(screen())) return
          clearTimeout(timer)
          looks.delete(look)
          settle()
        }
        looks.add(look)
        look()
        void ended.then(() => fail('ended'))
      }),
    type: (keys) => void child.stdin!.write(keys),
  }
}
