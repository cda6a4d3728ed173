// A run as JSON, in each dialect.
import type { Run } from '../engine.ts'
import { linkTo } from './links.ts'
import type { Dialect } from './operations.ts'
import type { LinkContext, RunUpdate } from './types.ts'

/** The only team. */
const TEAM = 'local'

/** A run in the dialect of the API. `inList`: as an item of getRuns. */
export async function runJson(call: LinkContext, run: Run, inList = false): Promise<object> {
  const { dialect } = call.api
  const isPython = dialect === 'python'
  // Uploads have neither a key nor a link here.
  const inputs = isPython ? run.inputs.map((input) => ({ ...input, s3_key: null, url: null })) : run.inputs
  const outputs = await Promise.all(
    run.files.map(async (filename) => ({
      filename,
      ...(isPython && { s3_key: `generations/${run.id}/${filename}` }),
      url: await linkTo(call, run.id, filename),
      ...(!inList && textOf(run, filename)),
    })),
  )
  const { id, status, progress, position, node, webhook } = run
  const preview = inList || run.preview === undefined ? undefined : await call.api.previewOf?.(run)
  const rest = {
    created_at: iso(run.createdAt),
    // A clock may have stepped back meanwhile, or be the one of another machine.
    started_at: iso(notBefore(run.createdAt, run.startedAt)),
    completed_at: iso(notBefore(Math.max(run.createdAt, run.startedAt ?? 0), run.completedAt)),
    progress,
    position,
    node,
    preview,
    error: run.error ?? undefined,
    waits_for: run.waitsFor,
    ...(webhook &&
      !inList && {
        webhook: { status: webhook.status, attempts: webhook.attempts, last_status: webhook.lastStatus },
      }),
  }
  if (dialect === 'readme') return { _id: id, workflow_id: run.workflowId, status, inputs, outputs, ...rest }
  return {
    ...((isPython || inList) && { _id: id }),
    ...(isPython && { team_id: TEAM }),
    workflow_id: run.workflowId,
    group_id: run.groupId,
    status,
    inputs,
    output_names: outputNames(dialect, run),
    outputs,
    ...rest,
  }
}

const MOST_TEXT_BYTES = 64 * 1024

/** The most bytes of an event, which a receiver may keep in memory. */
const MOST_EVENT_BYTES = 20_000
const MOST_OUTPUTS = 20
const MOST_ERROR = 2_000

/** The body of a webhook: the end of a run, without its inputs, and with fresh links. */
export async function eventOf(call: LinkContext, run: Run): Promise<string> {
  const make = async (most: number, hasTexts: boolean): Promise<string> => {
    const error = run.error?.slice(0, MOST_ERROR) ?? null
    const some = {
      ...run,
      error,
      files: run.files.slice(0, most),
      outputNames: run.outputNames.slice(0, most),
    }
    const { inputs, webhook, ...json } = (await runJson(call, some, !hasTexts)) as Record<string, unknown>
    const { id, workflowId, groupId, files } = run
    const ids = { _id: id, workflow_id: workflowId, group_id: groupId }
    const data = { ...ids, ...json, outputs_total: files.length }
    return JSON.stringify({ type: `run.${run.status}`, timestamp: json.completed_at, data })
  }
  let text = await make(MOST_OUTPUTS, true)
  const isLong = (): boolean => new TextEncoder().encode(text).byteLength >= MOST_EVENT_BYTES
  for (let most = MOST_OUTPUTS; isLong() && most >= 0; most--) text = await make(most, false)
  return text
}

/** The text of an output, where it is one that is not too long for an answer. */
export function textOf({ texts = {} }: Run, filename: string): { text?: string } {
  const text = Object.hasOwn(texts, filename) ? texts[filename] : undefined
  const isShort = text !== undefined && new TextEncoder().encode(text).byteLength <= MOST_TEXT_BYTES
  return isShort ? { text } : {}
}

const notBefore = (earlier: number, ms: number | null): number | null =>
  ms === null ? null : Math.max(earlier, ms)

function iso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString()
}

/** The state of a run, for listeners. `preview`: the path of its picture, which a promise may have given. */
export function runUpdate(dialect: Dialect, run: Run, preview?: string): RunUpdate {
  const { id, status, progress, position, node } = run
  return {
    run_id: id,
    status,
    progress,
    ...(position !== undefined && { position }),
    ...(node !== undefined && { node }),
    ...(preview !== undefined && { preview }),
    output_names: outputNames(dialect, run),
  }
}

/**
 * The names of a run's outputs in the dialect. `python` has them from the start of the run, without extension. The
 * other dialects have the names of the files, when the files exist.
 */
function outputNames(dialect: Dialect, run: Run): readonly string[] {
  if (dialect === 'python') return run.startedAt === null ? [] : run.outputNames
  return run.files
}
