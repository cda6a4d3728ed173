/** One line on stderr that changes. */
export interface Progress {
  show(text: string): void
  /** Clears the line. */
  stop(): void
}

/** Without a terminal it does nothing. */
export function createProgress(): Progress {
  const { stderr } = process
  if (!stderr.isTTY) return { show: () => {}, stop: () => {} }
  return {
    show: (text) => void stderr.write(`\r\x1b[K${text}`),
    stop: () => void stderr.write('\r\x1b[K'),
  }
}
