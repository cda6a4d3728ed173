import type { Engine, EngineMaker, Workflow } from '../engine.ts'
import { hasOwnTimers } from '../runtime.ts'
import { readOutput } from './api/files.ts'
import { createCandidates, createChoose, showCandidates } from './pool/chooseServer.ts'
import { createDraft } from './pool/createDraft.ts'
import { createSites } from './pool/createPool.ts'
import { createLocate, hasRun } from './pool/findServer.ts'
import { getRuns } from './pool/listRuns.ts'
import { ask, type Candidate } from './pool/members.ts'
import { report } from './report.ts'
import { findRun } from './runs/findRun.ts'
import { stopRun } from './runs/stopRun.ts'

/** `<output>_<run id>`, whatever comes after it. */
const OUTPUT = /^(.+_([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}))(?:_\d+)?(?:\.[A-Za-z0-9]+)?$/

/**
 * The engine that is a ComfyUI, or several: their queues, their workers, their files. The records of runs
 * are on the servers, or in the option `storage` of the gateway, so that several gateways can share the servers.
 *
 * @throws `TypeError` for an unknown or wrong option.
 */
export function comfyui(options: ComfyuiOptions): EngineMaker {
  const checked = checkOptions(options)
  return (context): Engine => {
    const sites = createSites(checked, context)
    const locate = createLocate(sites)
    const findCandidates = createCandidates(sites)
    const choose = createChoose()

    const getRun: Engine['getRun'] = async (id) => {
      const site = await locate(id)
      const run = site && (await findRun(site, id))
      site?.watcher.show(run)
      return run
    }

    const listening: Pick<Engine, 'watch' | 'follow'> = {
      watch(listener) {
        const stops = sites.map(({ watcher }) => watcher.watch(listener))
        return () => stops.forEach((stop) => void stop())
      },
      follow(id) {
        const known = locate.known(id)
        if (known) return known.watcher.follow(id)
        let stop: (() => void) | undefined = () => {}
        void locate(id).then(
          (site) => {
            if (stop && site) stop = site.watcher.follow(id)
          },
          () => {},
        )
        return () => {
          stop?.()
          stop = undefined
        }
      },
    }

    return {
      async workflows() {
        const { answers } = await ask(sites, async ({ workflows, own }) => {
          const [files] = await Promise.all([workflows.read(), own.prepare()])
          return files
        })
        const candidates = answers.flatMap(([site, files]) =>
          files.flatMap(({ workflow, problem }) => (workflow && !problem ? [{ site, workflow }] : [])),
        )
        const byId = new Map<string, Candidate[]>()
        for (const one of candidates) {
          const { id } = one.workflow.shown
          byId.set(id, [...(byId.get(id) ?? []), one])
        }
        return [...byId.values()].map(showCandidates)
      },
      async workflow(id): Promise<Workflow | undefined> {
        const candidates = await findCandidates(id)
        return candidates.length > 0 ? showCandidates(candidates) : undefined
      },
      draft: ({ id }, signal) =>
        createDraft({
          candidates: () => findCandidates(id),
          choose,
          inputHosts: context.inputHosts,
          signal,
          submitted(site, run) {
            locate.note(run.id, site)
            site.watcher.keep(run.id)
            site.watcher.show(run)
          },
        }),
      getRun,
      getRuns: (query) => getRuns(sites, locate, query),
      async cancelRun(id) {
        const site = await locate(id)
        const before = site && (await findRun(site, id, 0))
        if (!before || before.completedAt !== null) return before && { run: before, hadEnded: true }
        await site.records.askCancel(id)
        await stopRun(site, id)
        const run = (await findRun(site, id, 0)) ?? before
        site.watcher.show(run)
        // A run that ends by itself meanwhile has ended.
        return { run, hadEnded: run.completedAt !== null && run.status !== 'cancelled' }
      },
      async containers() {
        const { answers } = await ask(sites, ({ container }) => container.read())
        return sites.map((site) => new Map(answers).get(site) ?? site.container.latest())
      },
      async findOutput(filename) {
        const [, bare, id] = OUTPUT.exec(filename) ?? []
        const site = id === undefined ? undefined : await locate(id)
        const run = site && (await findRun(site, id!))
        if (!run) return undefined
        const file = run.files.find((name) => name === filename || name.replace(/\.[^.]+$/, '') === filename)
        // While it goes on, nobody knows the endings.
        const known = file !== undefined || run.outputNames.includes(run.completedAt ? filename : bare!)
        return known ? { run, file } : undefined
      },
      async readOutput(id, file, headers, signal) {
        const site = await locate(id)
        if (!site) return undefined
        await findRun(site, id)
        const ended = await site.records.ended(id)
        const found = ended?.files.find(({ name }) => name === file)
        if (!ended || !found) return undefined
        // On another server, a file of that name may be that of another run.
        const isElsewhere =
          sites.length > 1 && ended.run.server !== site.server.url && !(await hasRun(site, id))
        return isElsewhere ? undefined : await readOutput(site.server, found, headers, signal)
      },
      report: () => report(sites),
      ...(hasOwnTimers() && listening),
      close() {
        for (const { watcher } of sites) watcher.close()
      },
    }
  }
}

/** Options of `comfyui()`. */
export interface ComfyuiOptions {
  /** Where your ComfyUI is, for example `http://127.0.0.1:8188`. */
  url?: string | undefined
  /** Where several are. A run goes to the shortest queue of those that can run its workflow. */
  urls?: readonly string[] | undefined
  /** A run whose server can't be reached for as long is failed. Default: 600000, ten minutes */
  lostAfterMs?: number | undefined
  /** Used for every request to ComfyUI. Default: the global one */
  fetch?: typeof globalThis.fetch | undefined
}

const KNOWN = ['url', 'urls', 'lostAfterMs', 'fetch']
const ADDRESS = 'an http(s) address such as "http://127.0.0.1:8188", without a name, password, "?" or "#"'

/** The addresses end without a `/`. */
export function checkOptions(
  options: ComfyuiOptions,
): Pick<ComfyuiOptions, 'fetch'> & { urls: string[]; lostAfterMs: number } {
  if (typeof options !== 'object' || options === null)
    throw new TypeError('comfyui: options must be an object')
  for (const name of Object.keys(options)) {
    if (!KNOWN.includes(name)) {
      throw new TypeError(`comfyui: unknown option "${name}"; the known options are ${KNOWN.join(', ')}`)
    }
  }
  const { url, lostAfterMs = 600_000, fetch } = options
  if (url !== undefined && options.urls !== undefined) {
    throw new TypeError('comfyui: options "url" and "urls" exclude each other: give all addresses in "urls"')
  }
  const urls = readUrls(url, options.urls)
  if (typeof lostAfterMs !== 'number' || !(lostAfterMs > 0)) {
    throw new TypeError(`comfyui: option "lostAfterMs" must be a number above 0, got ${String(lostAfterMs)}`)
  }
  if (fetch !== undefined && typeof fetch !== 'function') {
    throw new TypeError(`comfyui: option "fetch" must be a function, got ${typeof fetch}`)
  }
  return { urls, lostAfterMs, fetch }
}

function readUrls(url: string | undefined, list: readonly string[] | undefined): string[] {
  if (list === undefined) {
    if (!isAddress(url)) throw new TypeError(`comfyui: option "url" must be ${ADDRESS}`)
    return [trim(url)]
  }
  if (!Array.isArray(list) || list.length === 0) {
    throw new TypeError('comfyui: option "urls" must be an array of at least one address')
  }
  const wrong = list.findIndex((one) => !isAddress(one))
  if (wrong >= 0) throw new TypeError(`comfyui: option "urls[${wrong}]" must be ${ADDRESS}`)
  const urls = list.map(trim)
  const twice = urls.findIndex((one, index) => urls.indexOf(one) !== index)
  if (twice >= 0) throw new TypeError(`comfyui: option "urls[${twice}]" is the same server as another one`)
  return urls
}

function isAddress(value: unknown): value is string {
  const { protocol, username, password, search, hash } = new URL(
    typeof value === 'string' && URL.canParse(value) ? value : 'none:',
  )
  return /^https?:$/.test(protocol) && username + password + search + hash === ''
}

/** As `URL` writes it: two spellings of one address must not look like two servers. */
const trim = (url: string): string => new URL(url).href.replace(/\/+$/, '')
