import type { Run } from '../engine.ts'
import { linkTo } from './links.ts'
import type { Dialect, HttpApiOptions, RunUpdate } from './types.ts'

/** There is one team here. */
const TEAM = 'local'

/** A run as the dialect shows it; `inList` for the items of getRuns. */
export async function runJson(
  api: HttpApiOptions,
  run: Run,
  filesUrl: string,
  inList = false,
): Promise<object> {
  const { dialect } = api
  const isPython = dialect === 'python'
  // What was uploaded has no key and no link here.
  const inputs = isPython ? run.inputs.map((input) => ({ ...input, s3_key: null, url: null })) : run.inputs
  const outputs = await Promise.all(
    run.files.map(async (filename) => ({
      filename,
      ...(isPython && { s3_key: `generations/${run.id}/${filename}` }),
      url: await linkTo(api, run.id, filename, filesUrl),
    })),
  )
  const times = {
    created_at: iso(run.createdAt),
    started_at: iso(run.startedAt),
    completed_at: iso(run.completedAt),
  }
  const { progress, position, node, error } = run
  const rest = {
    progress,
    ...(position !== undefined && { position }),
    ...(node !== undefined && { node }),
    ...(error !== null && { error }),
  }
  if (dialect === 'readme') return { _id: run.id, status: run.status, inputs, outputs, ...times, ...rest }
  return {
    ...((isPython || inList) && { _id: run.id }),
    ...(isPython && { team_id: TEAM }),
    workflow_id: run.workflowId,
    group_id: run.groupId,
    status: run.status,
    inputs,
    output_names: outputNames(dialect, run),
    outputs,
    ...times,
    ...rest,
  }
}

function iso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString()
}

/** How a run stands, as listeners see it. */
export function runUpdate(dialect: Dialect, run: Run): RunUpdate {
  const { id, status, progress, position, node } = run
  return {
    run_id: id,
    status,
    progress,
    ...(position !== undefined && { position }),
    ...(node !== undefined && { node }),
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
