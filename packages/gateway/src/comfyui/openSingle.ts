// The engine for one ComfyUI without a queue of the gateway. ComfyUI also keeps the records, unless there is a `storage`.
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
import { createStored, keepSecret } from '../records/recordStore.ts'
import { watchStore } from '../records/watchStore.ts'
import { forEach, hasOwnTimers } from '../runtime.ts'
import { createClasses } from './api/classes.ts'
import { createComfyClient, type Sending } from './api/client.ts'
import { putFile, readOutput, type Upload, uploadName } from './api/files.ts'
import { createUserdata } from './api/userdata.ts'
import { createCatalog, listingOf } from './catalog.ts'
import { findOutput } from './outputNames.ts'
import { report } from './report.ts'
import { type RunRecords, toEndedRun } from './runRecord.ts'
import { toRunEnd } from './runs/historyEnd.ts'
import { createMonitor } from './runs/monitor.ts'
import { findRun } from './runs/runState.ts'
import { sendRun } from './runs/sendRun.ts'
import { stopRun } from './runs/stopRun.ts'
import { createComfyServer, createContainer } from './server.ts'
import { watchFiles } from './watchFiles.ts'
import { createFiles } from './workflows/createFiles.ts'
import type { ComfyWorkflow } from './workflows/types.ts'

interface SingleOptions {
  readonly url: string
  readonly sending: Sending
  readonly lostAfterMs: number
}

/** How long another gateway may take to send a run that it has recorded. */
const COMING_MS = 45_000

export function openSingle({ url, sending, lostAfterMs }: SingleOptions, context: EngineContext): Engine {
  const { storage, log, inputHosts, keepDays, observer } = context
  const files = createFiles(context)
  const client = createComfyClient(url, sending)
  const stored = storage && watchStore(createStored(storage), () => context)
  const records: RunRecords = createRecords(stored ?? createUserdata(client, log), log, keepDays, (ended) => {
    const seen = toRunEnd(ended, { owner: ended.run.owner, server: 'ComfyUI' })
    if (seen) observer?.ended(seen)
  })
  const server = createComfyServer(client, { lostAfterMs, comingMs: COMING_MS })
  const catalog = createCatalog(createClasses(client), files, log)
  const monitor = createMonitor(server, records, log)
  const find = (id: string, maxAgeMs?: number): Promise<Run | undefined> =>
    findRun(server, records, id, maxAgeMs)
  /** The searches under way, which callers of the same moment share. On Workers no request may wait for another. */
  const finding = new Map<string, Promise<Run | undefined>>()
  function findShared(id: string): Promise<Run | undefined> {
    const found = finding.get(id) ?? find(id).finally(() => finding.delete(id))
    if (hasOwnTimers()) finding.set(id, found)
    return found
  }
  const readContainer = createContainer(server)
  const unwatch = watchFiles(context, files, catalog.read)

  return {
    async workflows() {
      const [loaded] = await Promise.all([catalog.read(), records.prepare()])
      return loaded.map(listingOf)
    },
    async draft(workflowId, signal, caller) {
      await client.check()
      const workflow = await catalog.find(workflowId)
      return workflow && createDraft(workflow, signal, caller?.owner)
    },
    getRun: async (id) => monitor.noteRun(await findShared(id)),
    readPreview: monitor.readPreview,
    getRuns: listRuns,
    async cancelRun(id) {
      const found = await find(id, 0)
      if (!found) return undefined
      if (isEnded(found.status)) return { run: found, hadEnded: true }
      await records.requestCancel(id)
      await stopRun(server, id)
      const run = monitor.noteRun((await find(id, 0)) ?? found)
      // The run may have ended by itself before the cancel reached it.
      return { run, hadEnded: isEnded(run.status) && run.status !== 'cancelled' }
    },
    containers: async () => [await readContainer()],
    probe: records.probe,
    findOutput: (filename) => findOutput(filename, find),
    async readOutput(id, filename, headers, signal) {
      const ended = (await find(id)) && (await records.getEnd(id))
      const file = ended?.files.find(({ name }) => name === filename)
      return file && (await readOutput(client, file, headers, signal))
    },
    async report() {
      const { url, send } = client
      return await report([{ name: 'ComfyUI', url, catalog, send, prepare: records.prepare }], await files())
    },
    ...(stored && { secret: () => keepSecret(stored) }),
    ...(hasOwnTimers() && { watch: monitor.watch, follow: monitor.follow }),
    close() {
      unwatch()
      monitor.close()
    },
  }

  /** A run that is about to be submitted. Its files go to ComfyUI as they come in. */
  function createDraft(workflow: ComfyWorkflow, signal: AbortSignal, owner: string | undefined): Draft {
    const id = crypto.randomUUID()
    let files = 0
    let isSent = false

    const put: Draft['putFile'] = async (_input, file) => {
      const name = await putFile(client, uploadName(id, ++files, file.name), file, signal)
      return { name } satisfies Upload
    }

    const submit: Draft['submit'] = async (submission) => {
      if (isSent) throw new Error('A draft is submitted once')
      isSent = true
      const answer = await sendRun(server, records, workflow, id, { ...submission, owner })
      monitor.watchForEnd(id)
      monitor.noteRun(answer.run)
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

  /** Lists a page of runs. The index sorts and counts, so only the runs of the page are read. */
  async function listRuns(query: RunsQuery): Promise<{ runs: Run[]; total: number }> {
    const entries = await records.list(query)
    entries.sort(compareRuns(query, (a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1)))
    const page = entries.slice(query.offset, query.offset + query.limit)
    const runs: (Run | undefined)[] = []
    await forEach(page, async ({ id, end }, index) => {
      const ended = end && (await records.getEnd(id))
      runs[index] = ended ? toEndedRun(ended) : await find(id)
      if (!ended) monitor.noteRun(runs[index])
    })
    return { runs: runs.filter((run) => run !== undefined), total: entries.length }
  }
}
