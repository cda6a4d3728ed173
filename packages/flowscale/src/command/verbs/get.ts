import { getRun } from '@flowscale/client'
import { commandName } from '../commandName.ts'
import { fields } from '../fields.ts'
import { findRunIds } from '../findRunIds.ts'
import { progressText } from '../progressText.ts'
import type { Call } from '../types.ts'

export async function get(call: Call): Promise<void> {
  const { args, client, output, signal } = call
  const [runId = ''] = await findRunIds(args, call)
  const { data } = await getRun(client, runId, { signal })
  const { _id, workflow_id, group_id, created_at, started_at, completed_at, error, inputs, outputs } = data
  const names = outputs.map(({ filename }) => filename).filter(Boolean)
  const text = fields([
    ['run', _id],
    ['status', progressText(data)],
    ['workflow', workflow_id],
    ['group', group_id],
    ['created', created_at],
    ['started', started_at],
    ['completed', completed_at],
    ['error', error],
    ...inputs.map(({ path, value }) => ['input', `${path}=${show(value)}`] as const),
    ...names.map((name) => ['output', name] as const),
  ])
  output.result(data, text)
  if (names.length) output.note(`To save the outputs: ${commandName} download ${_id} -o DIR`)
}

const show = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))
