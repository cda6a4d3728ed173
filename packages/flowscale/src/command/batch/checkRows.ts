import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import type { InputItem, Inputs, Workflow } from '@flowscale/client'
import type { Given } from '../inputs/readGiven.ts'
import { toInputs } from '../inputs/toInputs.ts'
import type { Printer } from '../terminal/printer.ts'
import { createProblems, type Row, type Table } from './readRows.ts'

/** A row whose inputs can be sent. */
export interface CheckedRow {
  readonly row: number
  readonly line: number
  readonly inputs: Inputs
  /** The SHA-256 of the inputs, in hex. */
  readonly hash: string
}

/**
 * Gives the inputs of each row. A file is read once for its hash, and opened again when it is sent.
 *
 * @throws a `CommandError` that names rows and columns with wrong values
 */
export async function checkRows(
  workflow: Workflow | undefined,
  { rows, name, folder }: Table,
  { signal, print }: { readonly signal: AbortSignal; readonly print: Pick<Printer, 'note'> },
): Promise<CheckedRow[]> {
  const problems = createProblems(name, print)
  const hashes = new Map<string, Promise<string>>()
  const checked: CheckedRow[] = []
  for (const { row, line, cells } of rows) {
    signal.throwIfAborted()
    const given = new Map([...cells].map(([name, json]): [string, Given[]] => [name, [{ json, folder }]]))
    const where = `row ${row} (line ${line})`
    const { inputs, problems: wrong } = await toInputs(workflow, given)
    for (const { input, message } of wrong) problems.add(message, input, where)
    if (wrong.length) continue
    try {
      const hash = await hashInputs(inputs, hashOnce(hashes, inputs, cells, folder))
      checked.push({ row, line, inputs, hash })
    } catch (error) {
      // A file can't be read any more if it has changed since it was opened.
      const { name, input } = Object(error) as { name?: string; input: string }
      if (name !== 'NotReadableError') throw error
      problems.add('the file changed while it was read', input, where)
    }
  }
  problems.check()
  return checked
}

/** Hashes a file that many rows name once, and again only if its length has changed. */
function hashOnce(
  hashes: Map<string, Promise<string>>,
  inputs: Inputs,
  cells: Row['cells'],
  folder: string,
): (file: Blob) => Promise<string> {
  const keys = new Map<unknown, string>()
  for (const [name, cell] of cells) {
    if (typeof cell === 'string') keys.set(inputs[name], resolve(folder, cell.slice(1)))
  }
  return async (file) => {
    const path = keys.get(file)
    if (!path) return hashBlob(file)
    const key = `${file.size} ${path}`
    const hash = hashes.get(key) ?? hashBlob(file)
    hashes.set(key, hash)
    return hash
  }
}

/** Gives the hash of a file's content, in hex. */
type HashFile = (file: Blob) => Promise<string>

/** The SHA-256 of the names, the values and the content of files, in hex. */
async function hashInputs(inputs: Inputs, hashFile: HashFile): Promise<string> {
  const all: unknown[] = []
  for (const [name, value] of Object.entries(inputs).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const items = (Array.isArray(value) ? value : [value]) as InputItem[]
    const described: unknown[] = []
    for (const item of items) {
      const work = describe(item, hashFile).catch((error) =>
        Promise.reject(Object.assign(error, { input: name })),
      )
      described.push(await work)
    }
    all.push([name, Array.isArray(value), described])
  }
  return createHash('sha256').update(JSON.stringify(all)).digest('hex')
}

/** The SHA-256 of a file, in hex. It is streamed, not held in memory. */
async function hashBlob(file: Blob): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of file.stream() as unknown as AsyncIterable<Uint8Array>) hash.update(chunk)
  return hash.digest('hex')
}

async function describe(item: InputItem, hashFile: HashFile): Promise<unknown> {
  if (item instanceof Blob) {
    return ['file', (item as Blob & { name?: string }).name, item.type, await hashFile(item)]
  }
  return [typeof item, `${item}`]
}
