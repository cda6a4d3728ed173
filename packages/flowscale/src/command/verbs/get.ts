import { getRun } from '@flowscale/client'
import { findRunIds } from '../findRunIds.ts'
import { type Call, commandName } from '../program.ts'
import { findPage, openTarget } from '../terminal/open.ts'
import { asText, clean } from '../terminal/printer.ts'
import { progressText, toStatus } from '../terminal/progress.ts'

export async function get(call: Call): Promise<void> {
  const { args, client, flags, print, signal } = call
  const [runId = ''] = await findRunIds(args, call)
  const { data } = await getRun(client, runId, { signal })
  const pageOf = flags.web && (await findPage(client, signal))
  const { _id, workflow_id, group_id, created_at, started_at, completed_at, error, inputs, outputs } = data
  const names = outputs.map(({ filename }) => filename).filter(Boolean)
  const text = fields([
    ['run', _id],
    ['status', progressText(data)],
    ['waits for', data.waits_for],
    ['preview', data.preview],
    ['workflow', workflow_id],
    ['group', group_id],
    ['created', created_at],
    ['started', started_at],
    ['completed', completed_at],
    ['error', error],
    ...inputs.map(({ path, value }) => ['input', `${path}=${asText(value)}`] as const),
    ...names.map((name) => ['output', name] as const),
  ])
  print.result({ ...data, status: toStatus(data.status) }, text)
  if (names.length) print.note(`To save the outputs: ${commandName} download ${_id} -o DIR`)
  if (pageOf) await openTarget(pageOf(workflow_id, _id), print)
}

/** Names and values under each other; unknown values are left out. */
function fields(rows: readonly (readonly [name: string, value: unknown])[]): string {
  const known = rows.filter(([, value]) => value !== undefined && value !== null && value !== '')
  const width = Math.max(...known.map(([name]) => name.length))
  return known.map(([name, value]) => `${name.padEnd(width)}  ${clean(`${value}`)}`).join('\n')
}
