// Makes the runs of one ComfyUI: asks the gateway for news, and acts on it.
import { sleep, within } from '../../runtime.ts'
import { REPLACEMENTS } from '../api/classes.ts'
import { attend, stop } from './attend.ts'
import {
  type Assignment,
  Crowded,
  HAS_KEY,
  LEASE_MS,
  type News,
  NoGateway,
  NotWelcome,
  Refused,
} from './news.ts'
import { prepareInputs, sendNext } from './sendNext.ts'
import {
  AGAIN_MS,
  createWorker,
  drop,
  isClosing,
  type Worker,
  type WorkerOptions,
  type WorkerRun,
} from './state.ts'

const IDLE_MS = 5_000
/** With a run, ComfyUI is asked after less silence: if it stands still, the run goes elsewhere. */
const QUIET_MS = 2_000
const DRAINING_MS = 100

export interface RunningWorker {
  /** Sends no more runs, and closes once those that were sent are over. */
  drain(): Promise<void>
  close(): void
}

export function startWorker(options: WorkerOptions): RunningWorker {
  const worker = createWorker(options)
  worker.next = () => sendNext(worker)
  void poll(worker)
  return { drain: () => drain(worker), close: () => close(worker) }
}

async function drain(worker: Worker): Promise<void> {
  worker.isDraining = true
  const isAtWork = (): boolean => [...worker.runs.values()].some(({ isSent }) => isSent)
  while (isAtWork() && !isClosing(worker)) await sleep(DRAINING_MS)
  close(worker)
}

function close({ closing, closeSocket }: Worker): void {
  closing.abort()
  closeSocket?.()
}

/** Asks for news until the worker is closed or refused. */
async function poll(worker: Worker): Promise<void> {
  const { client, name, log, onRefused } = worker
  const startedAt = performance.now()
  let isKnown = false
  let said = ''

  /** Says how it goes, for a worker that is a process of its own. A gateway has a log of its servers. */
  function say(state: string, level: 'debug' | 'info' = 'debug'): void {
    if (state !== said) log(level, state)
    said = state
  }

  while (!isClosing(worker)) {
    try {
      const news = await askForNews(worker)
      if (isClosing(worker)) return
      act(worker, news)
      isKnown = true
      say(client.isAway() ? 'ComfyUI does not answer: trying again' : 'The gateway and ComfyUI answer')
    } catch (error) {
      if (isClosing(worker)) return
      // An earlier worker with this name may have died a moment ago, and keep the name.
      const isTaken = error instanceof Refused && error.what === 'session'
      // The worker inside a gateway has no `onRefused`: it waits until an older gateway with this ComfyUI is gone.
      const isFinal = onRefused && isTaken && (isKnown || performance.now() - startedAt > LEASE_MS)
      if (isFinal || error instanceof NotWelcome) {
        close(worker)
        return onRefused?.(error as Error)
      }
      if (isTaken) say(`Another worker has the name "${name}": waiting until it is gone`, 'info')
      else if (error instanceof Crowded || error instanceof NoGateway) say(error.message)
      else say('The gateway does not answer: trying again')
      await sleep(AGAIN_MS)
    }
  }
}

async function askForNews({ client, port, runs, closing, isDraining }: Worker): Promise<News> {
  // Nobody else notices that ComfyUI is back, or has gone without a run. It is not waited for longer: a worker that is
  // silent loses its name.
  const isQuiet = client.quietForMs() > (runs.size > 0 ? QUIET_MS : IDLE_MS)
  if (client.isAway() || isQuiet) await within(client.read('/prompt'), AGAIN_MS).catch(() => {})
  // If it is not up, the gateway gives this worker no run, and gives a run that was taken ahead to another worker.
  const isUp = !client.isAway() && !isDraining
  const all = [...runs.values()]
  const has = all.map(({ run }) => run.id)
  const stopping = all.flatMap(({ run, isStopping }) => (isStopping ? [run.id] : []))
  return await port.poll({ has, stopping, isUp }, closing.signal)
}

function act(worker: Worker, news: News): void {
  const { runs } = worker
  for (const { id, path } of news.asks) void answer(worker, id, path).catch(() => {})
  for (const one of runs.values()) if (!one.isSent && !news.holds.includes(one.run.id)) drop(worker, one)
  for (const one of runs.values()) one.isWatched = news.previews?.includes(one.run.id) === true
  for (const assignment of news.runs) if (!runs.has(assignment.run.id)) take(worker, assignment)
  for (const id of news.stop) if (runs.has(id)) void stop(worker, runs.get(id)!)
  worker.next()
}

/** A gateway may ask for these facts of ComfyUI only. `fetch` resolves `..`, also if it is written as `%2e`, and reads `\\` as `/`. */
const FACTS = /^\/(object_info\/(?!(\.|%2e)+$)[\w.~!*'()%-]+|system_stats)$/i

async function answer({ client, port }: Worker, id: string, path: string): Promise<void> {
  const isFact = path === REPLACEMENTS || FACTS.test(path)
  const hasKey = path === HAS_KEY && client.hasKey()
  await port.answer(id, isFact ? await client.send(path) : { status: hasKey ? 200 : 403, text: '' })
}

function take(worker: Worker, assignment: Assignment): void {
  const { sentAt, after } = assignment
  const isSent = sentAt !== undefined
  // A run that was just sent may not be in ComfyUI's queue yet: see `comingMs`. The clock of the gateway may be wrong here.
  const run = { ...assignment.run, ...(isSent && { createdAt: Date.now() }) }
  const aborter = new AbortController()
  const graph = isSent ? Promise.resolve({}) : prepareInputs(worker, assignment, aborter.signal)
  // `send` handles the error.
  graph.catch(() => {})
  const state = { isSent, isStopping: false, isOver: false, isDone: false, mark: sentAt, after }
  const one: WorkerRun = { run, aborter, graph, ...state }
  worker.runs.set(run.id, one)
  if (!isSent) return
  // A run whose inputs are being uploaded stays active: else it would be sent twice.
  if (!worker.active || worker.active.isSent) worker.active = one
  void attend(worker, one)
}
