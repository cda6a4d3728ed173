import {
  compareRuns,
  type Draft,
  type Engine,
  type EngineContext,
  isEnded,
  nothingStarted,
  type Run,
  type RunsQuery,
} from '../engine.ts'
import { openUrl } from '../openUrl.ts'
import { createRecords } from '../records/createRecords.ts'
import { createStored } from '../records/recordStore.ts'
import { forEach, hasOwnTimers } from '../runtime.ts'
import { createClasses } from './api/classes.ts'
import { createComfyClient, type Sending } from './api/client.ts'
import { putFile, readOutput, uploadName } from './api/files.ts'
import { createUserdata } from './api/userdata.ts'
import { createCatalog } from './catalog.ts'
import { findOutput } from './outputNames.ts'
import { report } from './report.ts'
import { type RunRecords, toEndedRun } from './runRecord.ts'
import { createMonitor } from './runs/monitor.ts'
import { findRun } from './runs/runState.ts'
import { sendRun } from './runs/sendRun.ts'
import { stopRun } from './runs/stopRun.ts'
import { type ComfyServer, createComfyServer, createContainer } from './server.ts'
import { type Upload, valuesOf } from './uploads.ts'
import { watchFiles } from './watchFiles.ts'
import { createFiles } from './workflows/createFiles.ts'
import type { ComfyWorkflow } from './workflows/types.ts'

interface SingleOptions {
  readonly url: string
  readonly sending: Sending
  readonly lostAfterMs: number
}

/** For this long, another gateway may still be sending a run whose record is there. */
const COMING_MS = 45_000

/** The engine that is one ComfyUI: its own queue, and its own records unless there is a `storage`. */
export function openSingle({ url, sending, lostAfterMs }: SingleOptions, context: EngineContext): Engine {
  const { storage, log, inputHosts, keepDays } = context
  const files = createFiles(context)
  const client = createComfyClient(url, sending)
  const records: RunRecords = createRecords(
    storage ? createStored(storage) : createUserdata(client, log),
    log,
    keepDays,
  )
  const server = createComfyServer({ client, records, lostAfterMs, comingMs: COMING_MS })
  const catalog = createCatalog(createClasses(client), files, log)
  const monitor = createMonitor(server, log)
  const readContainer = createContainer(server)
  const unwatch = watchFiles(context, files, catalog.read)

  return {
    async workflows() {
      const [loaded] = await Promise.all([catalog.read(), records.prepare()])
      return loaded.map(({ id, workflow, problem }) =>
        workflow && !problem
          ? workflow.listing
          : { id, name: id, description: '', inputs: new Map(), outputs: new Map(), problem },
      )
    },
    async draft(workflowId, signal) {
      await client.check()
      const workflow = await catalog.find(workflowId)
      return workflow && createDraft(server, workflow, inputHosts, signal, noteSubmitted)
    },
    getRun: async (id) => note(await findRun(server, id)),
    getRuns: (query) => listRuns(server, query, note),
    async cancelRun(id) {
      const found = await findRun(server, id, 0)
      if (!found) return undefined
      if (isEnded(found.status)) return { run: found, hadEnded: true }
      await records.requestCancel(id)
      await stopRun(server, id)
      const run = note((await findRun(server, id, 0)) ?? found)
      // The run may have ended by itself before the cancel reached it.
      return { run, hadEnded: isEnded(run.status) && run.status !== 'cancelled' }
    },
    containers: async () => [await readContainer()],
    findOutput: (filename) => findOutput(filename, (id) => findRun(server, id)),
    async readOutput(id, filename, headers, signal) {
      if (!(await findRun(server, id))) return undefined
      const ended = await records.getEnd(id)
      const file = ended?.files.find(({ name }) => name === filename)
      return file && (await readOutput(client, file, headers, signal))
    },
    async report() {
      const { send } = client
      const names = (await files()).map(({ name }) => name)
      return await report(
        [{ name: 'ComfyUI', url: client.url, catalog, send, prepare: records.prepare }],
        names,
      )
    },
    ...(hasOwnTimers() && { watch: monitor.watch, follow: monitor.follow }),
    close() {
      unwatch()
      monitor.close()
    },
  }

  function note<T extends Run | undefined>(run: T): T {
    monitor.noteRun(run)
    return run
  }

  function noteSubmitted(run: Run): void {
    monitor.watchForEnd(run.id)
    note(run)
  }
}

/** A run that is about to be submitted. Its files go to ComfyUI as they come in. */
function createDraft(
  server: ComfyServer,
  workflow: ComfyWorkflow,
  inputHosts: readonly string[],
  signal: AbortSignal,
  submitted: (run: Run) => void,
): Draft {
  const id = crypto.randomUUID()
  let files = 0
  let isSent = false

  const put: Draft['putFile'] = async (_input, file) => {
    const name = await putFile(server.client, uploadName(id, ++files, file.name), file, signal)
    return { name } satisfies Upload
  }

  const submit: Draft['submit'] = async (submission) => {
    if (isSent) throw new Error('A draft is submitted once')
    isSent = true
    const answer = await sendRun(server, workflow, id, submission, valuesOf(submission.values))
    submitted(answer.run)
    return answer
  }

  return {
    workflow: workflow.listing,
    putFile: put,
    putUrl: async (input, address) => put(input, await openUrl(inputHosts, input, address, signal)),
    // `submit` throws a 503 only if nothing was sent.
    submit: (submission) => submit(submission).catch(nothingStarted),
  }
}

/** A page. The index sorts and counts, and only the runs of the page are read. */
async function listRuns(
  server: ComfyServer,
  query: RunsQuery,
  note: (run: Run | undefined) => void,
): Promise<{ runs: Run[]; total: number }> {
  const entries = await server.records.list(query.groupId)
  entries.sort(compareRuns(query, (a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1)))
  const page = entries.slice(query.offset, query.offset + query.limit)
  const runs: (Run | undefined)[] = []
  await forEach(page, async ({ id, end }, index) => {
    const ended = end && (await server.records.getEnd(id))
    runs[index] = ended ? toEndedRun(ended) : await findRun(server, id)
    if (!ended) note(runs[index])
  })
  return { runs: runs.filter((run) => run !== undefined), total: entries.length }
}
