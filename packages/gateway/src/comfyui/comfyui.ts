import { type Engine, type EngineMaker, isEnded, type WorkflowFile } from '../engine.ts'
import { checkOption, checkOptions, must, optional, type Rules } from '../options.ts'
import * as rules from '../rules.ts'
import { hasOwnTimers } from '../runtime.ts'
import { headers, readAddress } from './api/address.ts'
import { readOutput } from './api/files.ts'
import { createCandidates, createChoose, listWorkflows } from './pool/chooseServer.ts'
import { createDraft } from './pool/createDraft.ts'
import { createPool } from './pool/createPool.ts'
import { createFindServer } from './pool/findServer.ts'
import { listRuns } from './pool/listRuns.ts'
import { askAll, type PoolMember } from './pool/members.ts'
import { report } from './report.ts'
import { findRun, hasRun } from './runs/runState.ts'
import { stopRun } from './runs/stopRun.ts'
import { createFiles, type Files } from './workflows/createFiles.ts'

/** The name of an output and the id of a run, then perhaps a number and an ending. `findRun` checks the id. */
const OUTPUT = /^(.+_([0-9a-f-]{36}))(?:_\d+)?(?:\.[A-Za-z0-9]+)?$/

/**
 * The engine that is a ComfyUI, or several: their queues, their workers, their files. The records of runs
 * are on the servers, or in the option `storage` of the gateway, so that several gateways can share the servers.
 *
 * @throws `TypeError` for an unknown or wrong option.
 */
export function comfyui(options: ComfyuiOptions): EngineMaker {
  const checked = readOptions(options)
  return (context): Engine => {
    const files = createFiles(context)
    const members = createPool(checked, files, context)
    const unwatch =
      hasOwnTimers() && typeof context.workflows === 'function' ? watch(files, members) : undefined
    const findServer = createFindServer(members)
    const findCandidates = createCandidates(members)
    const choose = createChoose()

    /** A run with its server. `maxAgeMs`: how old an earlier answer about the queue may be. */
    async function readRun(id: string, maxAgeMs?: number) {
      const member = await findServer(id)
      const run = member && (await findRun(member.server, id, maxAgeMs))
      return run && { member, run }
    }

    const listening: Pick<Engine, 'watch' | 'follow'> = {
      watch(listener) {
        const stops = members.map(({ monitor }) => monitor.watch(listener))
        return () => stops.forEach((stop) => void stop())
      },
      follow(id) {
        const known = findServer.known(id)
        if (known) return known.monitor.follow(id)
        let left = false
        const following = findServer(id)
          .then((member) => (left ? undefined : member?.monitor.follow(id)))
          .catch((): undefined => {})
        return () => {
          left = true
          void following.then((stop) => stop?.())
        }
      },
    }

    return {
      workflows: () => listWorkflows(members),
      async draft(workflowId, signal) {
        const candidates = await findCandidates(workflowId)
        if (candidates.length === 0) return undefined
        return createDraft({
          candidates,
          choose,
          inputHosts: context.inputHosts,
          signal,
          submitted(member, run) {
            findServer.note(run.id, member)
            member.monitor.watchForEnd(run.id)
            member.monitor.noteRun(run)
          },
        })
      },
      async getRun(id) {
        const found = await readRun(id)
        found?.member.monitor.noteRun(found.run)
        return found?.run
      },
      getRuns: (query) => listRuns(members, findServer, query),
      async cancelRun(id) {
        const found = await readRun(id, 0)
        if (!found) return undefined
        if (isEnded(found.run.status)) return { run: found.run, hadEnded: true }
        const { server, monitor } = found.member
        await server.records.requestCancel(id)
        await stopRun(server, id)
        const run = (await findRun(server, id, 0)) ?? found.run
        monitor.noteRun(run)
        // The run may have ended by itself before the cancel reached it.
        return { run, hadEnded: isEnded(run.status) && run.status !== 'cancelled' }
      },
      async containers() {
        const { answers } = await askAll(members, ({ container }) => container.read())
        return members.map((member) => new Map(answers).get(member) ?? member.container.latest())
      },
      async findOutput(filename) {
        const [, bare = '', id = ''] = OUTPUT.exec(filename) ?? []
        const run = (await readRun(id))?.run
        if (!run) return undefined
        const file = run.files.find((name) => name === filename || name.replace(/\.[^.]+$/, '') === filename)
        // While the run goes on, nobody knows the endings.
        const known = file !== undefined || run.outputNames.includes(isEnded(run.status) ? filename : bare)
        return known ? { run, file } : undefined
      },
      async readOutput(id, filename, headers, signal) {
        const found = await readRun(id)
        if (!found) return undefined
        const { client, records } = found.member.server
        const ended = await records.getEnd(id)
        const file = ended?.files.find(({ name }) => name === filename)
        if (!ended || !file) return undefined
        // On another server, a file with that name may belong to another run.
        const isElsewhere =
          members.length > 1 && ended.run.server !== client.url && !(await hasRun(found.member.server, id))
        return isElsewhere ? undefined : await readOutput(client, file, headers, signal)
      },
      report: () => report(members),
      ...(hasOwnTimers() && listening),
      close() {
        unwatch?.()
        for (const { monitor } of members) monitor.close()
      },
    }
  }
}

const LOOK_EVERY_MS = 2_000

/** Reads files that have changed without a request, so that the log tells their author what is wrong. */
function watch(files: Files, members: readonly PoolMember[]): () => void {
  let seen: readonly WorkflowFile[] | undefined
  const look = async (): Promise<void> => {
    const now = await files()
    const isNew = seen !== undefined && now !== seen
    seen = now
    if (isNew) await Promise.all(members.map(({ catalog }) => catalog.read()))
  }
  // Whoever asks for the workflows gets the error.
  const timer = setInterval(() => void look().catch(() => {}), LOOK_EVERY_MS)
  if (typeof timer === 'object') timer.unref()
  return () => clearInterval(timer)
}

/** Options of `comfyui()`. */
export interface ComfyuiOptions {
  /** Where your ComfyUI is, for example `http://127.0.0.1:8188` or `https://user:password@gpu.example.com`. */
  url?: string | undefined
  /** The addresses of several. Of the servers that can run a workflow, the one with the shortest queue gets the run. */
  urls?: readonly string[] | undefined
  /** A run fails once its server can't be reached for this long. Default: 600000, ten minutes */
  lostAfterMs?: number | undefined
  /** Sent to each ComfyUI with every request and WebSocket, and never shown, such as `{ Authorization: 'Bearer …' }`. */
  headers?: Readonly<Record<string, string>> | undefined
  /** Used for every request to ComfyUI. Default: the global one */
  fetch?: typeof globalThis.fetch | undefined
}

const ADDRESS = 'an http(s) address such as "http://127.0.0.1:8188", without "?" or "#"'
const address = must(ADDRESS, (value) => readAddress(value) !== undefined)

const OPTIONS: Rules<ComfyuiOptions> = {
  url: optional(address),
  urls: optional(rules.filledArray),
  lostAfterMs: optional(rules.positive),
  headers: optional(headers),
  fetch: optional(rules.callback),
}

function readOptions(options: ComfyuiOptions) {
  checkOptions('comfyui', options, OPTIONS)
  const { url, lostAfterMs = 600_000, headers, fetch } = options
  if (url !== undefined && options.urls !== undefined) {
    throw new TypeError('comfyui: options "url" and "urls" exclude each other: give all addresses in "urls"')
  }
  const urls = options.urls ?? [url!]
  urls.forEach((one, index) => {
    checkOption('comfyui', one, address, options.urls ? `urls[${index}]` : 'url')
  })
  const bare = urls.map((one) => readAddress(one)!.url)
  const twice = bare.findIndex((one, index) => bare.indexOf(one) !== index)
  if (twice >= 0) throw new TypeError(`comfyui: option "urls[${twice}]" is the same server as another one`)
  return { urls, lostAfterMs, headers: { ...headers }, fetch }
}
