import { resolve } from 'node:path'
import type { Inputs, Workflow } from '@flowscale/client'
import { CommandError } from '../errors.ts'
import { toInputs } from '../inputs/toInputs.ts'
import type { Given, Problem } from '../inputs/types.ts'
import type { Printer } from '../terminal/printer.ts'
import { createProblems } from './createProblems.ts'
import { hashBlob, hashInputs } from './hashInputs.ts'
import type { Row, Table } from './types.ts'

/** A row whose inputs can be sent. */
export interface Item {
  readonly row: number
  readonly line: number
  readonly inputs: Inputs
  /** Of the inputs, in hex. */
  readonly hash: string
}

/**
 * Gives the inputs of each row. A file is read once for its hash, and opened again when it is sent.
 *
 * @throws a `CommandError` that names rows and columns with wrong values
 */
export async function checkRows(
  workflow: Workflow | undefined,
  { rows, shown, folder }: Table,
  { signal, print }: { readonly signal: AbortSignal; readonly print: Pick<Printer, 'note'> },
): Promise<Item[]> {
  const problems = createProblems(shown, print)
  const hashes = new Map<string, Promise<string>>()
  const items: Item[] = []
  for (const { row, line, cells } of rows) {
    signal.throwIfAborted()
    const given = new Map([...cells].map(([name, json]): [string, Given[]] => [name, [{ json, folder }]]))
    const where = `row ${row} (line ${line})`
    try {
      const inputs = await toInputs(workflow, given)
      const hash = await hashInputs(inputs, hashOnce(hashes, inputs, cells, folder))
      items.push({ row, line, inputs, hash })
    } catch (error) {
      for (const { input, message } of problemsOf(error)) problems.add(`${where}, ${input}: ${message}`)
    }
  }
  problems.check()
  return items
}

/** Many rows may name one file: it is read once, and again only where its length has changed. */
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

function problemsOf(error: unknown): readonly Problem[] {
  const { problems } = error instanceof CommandError ? (error.fields as { problems?: Problem[] }) : {}
  if (problems) return problems
  // A file from the disk can't be read any more once it has changed.
  if ((error as Error)?.name === 'NotReadableError') {
    return [{ input: 'a file', message: 'changed while it was read' }]
  }
  throw error
}
