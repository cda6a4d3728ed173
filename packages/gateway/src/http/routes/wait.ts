// Answers with a run at once, or with `Prefer: wait` when it has ended. A run that is about to end is waited for.
import { EngineError, isEnded, maySee, type Run } from '../../engine.ts'
import { lazyStream, onAbort, within } from '../../runtime.ts'
import { json } from '../answers.ts'
import type { ApiRequest, AwaitedRun, RunningApi } from '../types.ts'

const MOST_S = 300
/** For a `wait` without a number. */
const USUAL_S = 50
/** Proxies and clients give up a connection that is silent for long. */
const SPACE_MS = 15_000
/** If the engine has no `watch`, the run is read at this interval. */
const READ_EVERY_MS = 2_000

/**
 * Answers with a run: at once, or if the caller prefers to wait, when the run has ended or the time is over. `known`: the
 * run as it was submitted.
 */
export async function answerRun(
  call: ApiRequest,
  id: string,
  dataOf: (run: Run) => Promise<object>,
  known?: Run,
): Promise<Response> {
  const { caller, request } = call
  const seconds = waitOf(request)
  const headers = seconds === undefined ? {} : { 'preference-applied': `wait=${seconds}`, ...HEADERS }
  const envelope = async (run: Run): Promise<object> => ({ status: 'success', data: await dataOf(run) })
  if (!seconds || (known && isEnded(known.status)))
    return json(200, await envelope(known ?? (await readRun(call, id))), headers)

  const { over, isOver, latest, leave, seen } = watchRun(call, id, known)
  // A run that was submitted is there, whatever the look at it says.
  if (!known) await seen
  const found = latest()
  if (!found || !maySee(caller, found.owner)) {
    leave()
    throw notFound()
  }
  if (isOver()) return json(200, await envelope(found), headers)

  const encoder = new TextEncoder()
  let leftMs = seconds * 1_000
  const body = lazyStream(async (controller) => {
    const stepMs = Math.min(leftMs, SPACE_MS)
    await within(over, stepMs)
    leftMs -= stepMs
    // JSON may begin with spaces.
    if (!isOver() && leftMs > 0) return controller.enqueue(encoder.encode(' '))
    leave()
    controller.enqueue(encoder.encode(JSON.stringify(await envelope(latest()!))))
    controller.close()
  }, leave)
  // nginx would hold the spaces back.
  const streamed = { ...headers, 'content-type': 'application/json', 'x-accel-buffering': 'no' }
  return new Response(body, { headers: streamed })
}

const HEADERS = { 'cache-control': 'no-store, no-transform' }

/** For how many seconds a caller prefers to wait (RFC 7240). */
function waitOf({ headers }: ApiRequest['request']): number | undefined {
  const preferences = headers.get('prefer')?.split(',') ?? []
  const words = preferences.map((preference) => preference.split(';', 1)[0]!.trim())
  const found = words.map((word) => /^wait(?:\s*=\s*"?(\d*)"?)?$/i.exec(word)).find(Boolean)
  return found ? Math.min(Number(found[1] || USUAL_S), MOST_S) : undefined
}

/** A run that should end within this time is waited for: else its caller would only ask again. */
const SOON_MS = 100

async function readRun(call: ApiRequest, id: string): Promise<Run> {
  const run = await findRun(call, id)
  if (run.endsAt === undefined || Math.abs(run.endsAt - Date.now()) > SOON_MS) return run
  const { over, latest, leave } = watchRun(call, id, run)
  await within(over, SOON_MS)
  leave()
  return latest()
}

/** A run that the caller may see. A foreign run gets the answer of a missing one, so that callers can't probe. */
export async function findRun({ api, caller }: ApiRequest, id: string): Promise<Run> {
  const run = await api.engine.getRun(id)
  if (!run || !maySee(caller, run.owner)) throw notFound()
  return run
}

export const notFound = (): EngineError => new EngineError(404, 'Run not found')

interface WatchedRun<Known> {
  /** Resolves at the end of the run, of the request or of the server, or by `leave`. */
  readonly over: Promise<void>
  /** Resolves once the run was looked at. */
  readonly seen: Promise<void> | undefined
  isOver(): boolean
  latest(): Run | Known
  leave(): void
}

/** Waits for a run with a caller. `known`: the run as it was submitted. */
export function watchRun<Known extends Run | undefined>(
  { api, caller, request, closing }: ApiRequest,
  id: string,
  known: Known,
): WatchedRun<Known> {
  const awaited = known && isEnded(known.status) ? undefined : awaitRun(api, id, known)
  const latest = (): Run | Known => awaited?.run ?? known
  let isOver = false
  let resolveOver = (): void => {}
  const over = new Promise<void>((resolve) => {
    resolveOver = resolve
  })
  const leave = (): void => {
    if (isOver) return
    isOver = true
    for (const end of ends) end()
    resolveOver()
  }
  const signals = [request.signal, ...(closing ? [closing] : [])]
  const ends = [api.streams.join(caller, leave), ...signals.map((signal) => onAbort(signal, leave))]
  if (awaited) ends.push(awaited.join(leave))
  const hasEnded = isEnded(latest()?.status ?? '') || api.streams.isOver(caller)
  if (hasEnded || signals.some(({ aborted }) => aborted)) leave()
  return { over, seen: awaited?.seen, isOver: () => isOver, latest, leave }
}

/** Callers that wait for one run share what is heard of it. */
function awaitRun({ engine, streams: { awaited } }: RunningApi, id: string, known?: Run): AwaitedRun {
  const shared = awaited.get(id)
  if (shared) return shared
  const ends = new Set<() => void>()
  let run = known
  let hasNews = false
  let isOver = false
  let timer: ReturnType<typeof setTimeout> | undefined

  const onRun = (news: Run): void => {
    // An end is never undone. After the wait, a look that is late still tells the state.
    if (news.id !== id || (run && isEnded(run.status))) return
    run = news
    hasNews = true
    if (isEnded(news.status)) stop()
  }
  const unwatch = engine.watch?.(onRun, id)
  const unfollow = engine.follow?.(id)

  function stop(): void {
    if (isOver) return
    isOver = true
    awaited.delete(id)
    clearTimeout(timer)
    unwatch?.()
    unfollow?.()
    for (const end of [...ends]) end()
  }

  async function look(): Promise<void> {
    try {
      const found = await engine.getRun(id)
      if (!found) stop()
      // A change that came meanwhile is newer than this answer.
      else if (!engine.watch || !hasNews) onRun(found)
    } catch (error) {
      // The last known state ends the wait.
      stop()
      if (!run) throw error
    }
    if (!engine.watch && !isOver) timer = setTimeout(look, READ_EVERY_MS)
  }

  const one: AwaitedRun = {
    get run() {
      return run
    },
    seen: look(),
    join(end) {
      ends.add(end)
      return () => {
        ends.delete(end)
        if (ends.size === 0) stop()
      }
    },
  }
  // Without `watch`, as on Workers, no request may wait for the work of another.
  if (engine.watch && !isOver) awaited.set(id, one)
  return one
}
