import { type FileHandle, open } from 'node:fs/promises'

/** A file to which lines are added, each on disk when `append` resolves. */
export interface AppendLog {
  /** Gives the place of the first byte of these lines. */
  append(lines: readonly string[]): Promise<number>
  /** The bytes at a place. */
  read(at: number, length: number): Promise<string>
  readonly size: number
  close(): Promise<void>
}

/** Opens a file that may exist. Lines that are added at the same time share one write and one fsync. */
export async function openLog(path: string, isNew = false): Promise<AppendLog> {
  const file = await open(path, 'a+')
  if (isNew) await file.truncate()
  let { size } = await file.stat()
  // A line that a crash cut off must not spoil the next one.
  let isCut = size > 0 && (await readAt(file, size - 1, 1)) !== '\n'
  let next: { text: string; bytes: number; done: Promise<number> } | undefined
  let before: Promise<unknown> = Promise.resolve()
  let isTorn = false

  function writeNext(): Promise<number> {
    const { text } = next!
    next = undefined
    const written = write(text)
    before = written.catch(() => {})
    return written
  }

  async function write(text: string): Promise<number> {
    if (isTorn) await file.truncate(size)
    isTorn = true
    try {
      await file.appendFile(isCut ? `\n${text}` : text)
      await file.datasync()
    } catch (error) {
      // What was refused must not come back at the next start.
      await file.truncate(size).then(
        () => (isTorn = false),
        () => {},
      )
      throw error
    }
    isTorn = false
    const start = isCut ? size + 1 : size
    isCut = false
    size = start + Buffer.byteLength(text)
    return start
  }

  return {
    get size() {
      return size
    },
    async append(lines) {
      const text = lines.map((line) => `${line}\n`).join('')
      next ??= { text: '', bytes: 0, done: before.then(writeNext) }
      const batch = next
      const at = batch.bytes
      batch.text += text
      batch.bytes += Buffer.byteLength(text)
      return (await batch.done) + at
    },
    read: (at, length) => readAt(file, at, length),
    async close() {
      await next?.done.catch(() => {})
      await before
      if (isTorn) await file.truncate(size).catch(() => {})
      await file.close()
    },
  }
}

async function readAt(file: FileHandle, position: number, length: number): Promise<string> {
  const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(length), position })
  return buffer.toString('utf8', 0, bytesRead)
}
