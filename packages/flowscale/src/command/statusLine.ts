/** The line at the bottom of a terminal that changes: taken away while something else is written. */
export interface StatusLine {
  clear(): void
  render(): void
}

let current: StatusLine | undefined

/** There is one terminal, and so one such line at a time. */
export function setStatusLine(line: StatusLine | undefined): void {
  current = line
}

/** Writes whole lines above it. */
export function writeLines(stream: NodeJS.WriteStream, text: string): void {
  current?.clear()
  stream.write(text)
  current?.render()
}
