import type { Draft, Engine, EngineMaker, Scalar, StoredFile } from '../../engine.ts'
import { openUrl } from '../../openUrl.ts'
import { createMemory } from '../../records/createMemory.ts'
import { createRecords } from '../../records/createRecords.ts'
import { createStored } from '../../records/createStored.ts'
import { type ComfyuiOptions, checkOptions } from './checkOptions.ts'
import { createReadContainer } from './createReadContainer.ts'
import { createWorkflows } from './createWorkflows.ts'
import { putFile } from './files/putFile.ts'
import { readOutput } from './files/readOutput.ts'
import { report } from './report.ts'
import { findRun } from './runs/findRun.ts'
import { getRuns } from './runs/getRuns.ts'
import { stopRun } from './runs/stopRun.ts'
import { submitRun } from './runs/submitRun.ts'
import type { Comfy, Ended, Submitted } from './runs/types.ts'
import { createServer } from './server/createServer.ts'
import { createUserdata } from './server/createUserdata.ts'
import { createReadQueue } from './server/readQueue.ts'
import { createWatcher } from './watch/createWatcher.ts'

/** `<output>_<run id>`, whatever comes after it. */
const OUTPUT = /^(.+_([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}))(?:_\d+)?(?:\.[A-Za-z0-9]+)?$/

/**
 * The engine that is a ComfyUI: its queue, its worker, its files. What a gateway must know of a run is kept on the
 * server, or in the option `storage` of the gateway, so that any number of gateways may stand before it.
 *
 * @throws `TypeError` for an unknown or wrong option.
 */
export function comfyui(options: ComfyuiOptions): EngineMaker {
  const { url, lostAfterMs, fetch } = checkOptions(options)
  return (context): Engine => {
    const { storage, inputHosts, log } = context
    const server = createServer(url, fetch)
    const records = createRecords<Submitted, Ended>(
      storage ? createStored(storage) : createUserdata(server, log),
      log,
    )
    const workflows = createWorkflows(server, context)
    const comfy: Comfy = {
      server,
      records,
      readQueue: createReadQueue(server),
      taken: createMemory(5_000),
      progress: createMemory(5_000),
      lostAfterMs,
    }
    const watcher = createWatcher(comfy)
    const readContainer = createReadContainer(comfy)

    const draft: Engine['draft'] = (wanted, signal) => {
      const id = crypto.randomUUID()
      let files = 0
      let sent = false
      const put: Draft['putFile'] = async (_input, file) => ({
        name: await putFile(server, `flowscale-${id}-${++files}`, file, signal),
      })
      return {
        putFile: put,
        putUrl: async (input, address) => put(input, await openUrl(inputHosts, input, address, signal)),
        async submit(submission) {
          if (sent) throw new Error('A draft is submitted once')
          sent = true
          const workflow = (await workflows.find(wanted.id))!
          const values = Object.entries(submission.values).map(([name, value]) => {
            return [name, Array.isArray(value) ? value.map(nameOf) : nameOf(value)] as const
          })
          const submitted = await submitRun(comfy, workflow, id, submission, Object.fromEntries(values))
          watcher.keep(id)
          watcher.show(submitted.run)
          return submitted
        },
      }
    }

    return {
      namesFiles: true,
      async workflows() {
        const [files] = await Promise.all([workflows.read(), records.prepare()])
        return files.flatMap(({ workflow, problem }) => (workflow && !problem ? [workflow.shown] : []))
      },
      workflow: async (id) => (await workflows.find(id))?.shown,
      draft,
      async getRun(id) {
        const run = await findRun(comfy, id)
        watcher.show(run)
        return run
      },
      async getRuns(query) {
        const page = await getRuns(comfy, query)
        page.runs.forEach(watcher.show)
        return page
      },
      async cancelRun(id) {
        const before = await findRun(comfy, id, 0)
        if (!before || before.completedAt !== null) return before && { run: before, hadEnded: true }
        await records.askCancel(id)
        await stopRun(comfy, id)
        const run = (await findRun(comfy, id, 0)) ?? before
        watcher.show(run)
        // A run that ends by itself meanwhile has ended.
        return { run, hadEnded: run.completedAt !== null && run.status !== 'cancelled' }
      },
      containers: async () => [await readContainer()],
      async findOutput(filename) {
        const [, bare, id] = OUTPUT.exec(filename) ?? []
        const run = id === undefined ? undefined : await findRun(comfy, id)
        if (!run) return undefined
        const file = run.files.find((name) => name === filename || name.replace(/\.[^.]+$/, '') === filename)
        // While it goes on, nobody knows the endings.
        const known = file !== undefined || run.outputNames.includes(run.completedAt ? filename : bare!)
        return known ? { run, file } : undefined
      },
      async readOutput(run, file, headers, signal) {
        await findRun(comfy, run)
        const found = (await records.ended(run))?.files.find(({ name }) => name === file)
        return found && readOutput(server, found, headers, signal)
      },
      report: () => report(comfy, workflows),
      watch: watcher.watch,
      follow: watcher.follow,
      close: watcher.close,
    }
  }
}

/** A file's value is its name on the server. */
function nameOf(value: Scalar | StoredFile): Scalar {
  return typeof value === 'object' ? (value as { name: string }).name : value
}
