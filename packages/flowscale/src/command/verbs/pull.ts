import { mkdir, readFile, realpath } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Client, type Envelope, getWorkflows, type Workflow } from '@flowscale/client'
import { structuredPatch } from 'diff'
import { isMissing } from '../describeError.ts'
import { CommandError, usageError } from '../errors.ts'
import { whyNot, writeWhole } from '../files.ts'
import type { Call } from '../program.ts'
import { readWorkflows } from '../pull/readWorkflows.ts'
import { isOurs, toText } from '../pull/toText.ts'
import { pickWorkflow } from '../workflow.ts'

/** Writes the workflows as typed functions, compares them with the file (`--check`), or prints them (`--json`). */
export async function pull({ args, flags, isGiven, client, print, signal }: Call): Promise<void> {
  const path = flags.out!
  const printsOnly = print.isJson && !flags.check
  if (printsOnly && isGiven('out'))
    throw usageError('--json prints the workflows and writes no file: leave out --out, or --json.')
  const listed = await list(client, signal)
  const picked = new Set(args.map((word) => pickWorkflow(listed, word).id))
  const workflows = readWorkflows(listed.data).filter(({ id }) => !picked.size || picked.has(id))
  if (printsOnly) return print.result({ workflows }, '')

  const text = toText(workflows)
  const found = await readIfThere(path)
  // A checkout may have other line ends.
  const isSame = found?.replaceAll('\r\n', '\n') === text
  if (!isSame && flags.check) {
    const diff = found === undefined ? '' : toDiff(path, found.replaceAll('\r\n', '\n'), text)
    for (const line of diff ? diff.split('\n') : []) print.note(line)
    const problem = found === undefined ? `There is no ${path}` : `${path} is out of date`
    const message = `${problem}: run the same command without --check.`
    throw new CommandError('failed', message, { code: 'out_of_date', file: path, ...(diff && { diff }) })
  }
  if (!isSame) {
    if (found !== undefined && !isOurs(found))
      throw usageError(
        `${path} was not written by "flowscale pull": choose another file with --out, or remove it.`,
      )
    signal.throwIfAborted()
    await saveText(path, text)
  }
  const count = `${workflows.length} workflow${workflows.length === 1 ? '' : 's'}`
  print.result(
    { file: path, upToDate: true },
    isSame ? `${path} is up to date: ${count}.` : `Wrote ${count} to ${path}.`,
  )
}

async function list(client: Client, signal: AbortSignal): Promise<Envelope<Workflow[]>> {
  let listed: Envelope<Workflow[]>
  try {
    listed = await getWorkflows(client, { signal })
  } catch (error) {
    if (!isMissing(error)) throw error
    throw new CommandError(
      'notFound',
      'This server does not list its workflows (404). Check the address; else use defineWorkflow of @flowscale/client/typed yourself.',
    )
  }
  if (listed.data.length) return listed
  throw new CommandError('notFound', 'The server has no workflows: there is nothing to write.')
}

/** `undefined` if there is no such file. */
async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (Object(error).code === 'ENOENT') return undefined
    throw new CommandError('failed', `${path}: ${whyNot(error)}.`)
  }
}

/** Writes a file whole or not at all, and makes its folder. A link stays one. */
async function saveText(path: string, text: string): Promise<void> {
  try {
    const target = await realpath(path).catch(() => path)
    await mkdir(dirname(target), { recursive: true })
    await writeWhole(target, text)
  } catch (error) {
    throw new CommandError('failed', `${path}: ${whyNot(error, 'written')}.`)
  }
}

/** The most lines of a diff that are printed. */
const mostLines = 20

/** The changes that `pull` would make, as a short unified diff. */
function toDiff(path: string, before: string, after: string): string {
  const patch = structuredPatch(path, path, before, after, undefined, undefined, {
    context: 1,
    maxEditLength: 2000,
  })
  if (!patch) return ''
  const lines = patch.hunks.flatMap(({ oldStart, oldLines, newStart, newLines, lines }) => [
    `@@ -${oldStart},${oldLines} +${newStart},${newLines} @@`,
    ...lines,
  ])
  const left = lines.length - mostLines
  const shown = left > 1 ? [...lines.slice(0, mostLines), `… ${left} more lines`] : lines
  return [`--- ${path}`, `+++ ${path} as the server has it`, ...shown].join('\n')
}
