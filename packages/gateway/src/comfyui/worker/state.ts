// What a worker knows: its ComfyUI, its runs, and the run on the GPU. All files of this folder work on this one object.
import type { EngineContext, Preview } from '../../engine.ts'
import { sleep } from '../../runtime.ts'
import type { ComfyClient } from '../api/client.ts'
import type { createProgress } from '../api/socket.ts'
import type { Submitted } from '../runRecord.ts'
import { type ComfyServer, createComfyServer } from '../server.ts'
import type { GraphNode } from '../workflows/types.ts'
import { type Port, Refused } from './news.ts'

export interface WorkerOptions {
  readonly client: ComfyClient
  readonly port: Port
  /** The name of the server. */
  readonly name: string
  readonly lostAfterMs: number
  readonly log: EngineContext['log']
  /** Called if another worker has this one's name, or the gateway does not want it. Nothing is done after that. */
  readonly onRefused?: ((error: Error) => void) | undefined
}

class Course {
  readonly closing: AbortController = new AbortController()
  readonly runs: Map<string, WorkerRun> = new Map()
  /** The run that is being sent, or that the GPU works on. */
  active: WorkerRun | undefined
  /** Whether it takes and sends no more runs. */
  isDraining = false
  /** Sends the next run, if the GPU is free. */
  next: () => void = () => {}
  closeSocket: (() => void) | undefined
  /** Whether the socket has said anything. */
  isSocketOpen = false
}

export interface Worker extends WorkerOptions, Course {
  readonly server: ComfyServer
  /** The same after a restart of this worker, so that ComfyUI still sends the messages of a run. */
  socketId: string
}

/** A run of this worker. */
export interface WorkerRun {
  readonly run: Submitted
  readonly aborter: AbortController
  /** Its inputs are on ComfyUI, and this is the graph with their names. */
  readonly graph: Promise<Record<string, GraphNode>>
  /** Whether it was sent, or is about to be: the gateway is being asked for its mark. */
  isSent: boolean
  /** The gateway's permission to send it. */
  mark?: number | undefined
  /** Of a run that an earlier worker was about to send: a run that ComfyUI had before that. */
  after?: string | undefined
  /** Since when ComfyUI answers, and does not have the run. */
  absentSince?: number
  isStopping: boolean
  isOver: boolean
  /** Whether the GPU is done with it. */
  isDone: boolean
  /** Whether the socket was open as it was sent, and has said nothing of the run. */
  isUnheard?: boolean
  /** Whether somebody asks for its pictures, and the one that goes to the gateway next. */
  isWatched?: boolean
  picture?: Preview | undefined
  isBringing?: boolean
  /** Ends the pause before the next look. */
  wake?: () => void
  readMessage?: ReturnType<typeof createProgress>
}

export const AGAIN_MS = 1_000
/**
 * A run that an earlier worker sent has reached ComfyUI after this time. If that worker was killed, its request may lie in a
 * buffer of a ComfyUI that stands still. ComfyUI accepts connections in their order, and one loop handles them all: once it
 * answers again, it reads that request before long.
 */
export const COMING_MS = 5_000

export function createWorker(options: WorkerOptions): Worker {
  const { client, lostAfterMs, name } = options
  const server = createComfyServer(client, { lostAfterMs, comingMs: COMING_MS })
  return Object.assign(new Course(), options, { server, socketId: `flowscale-${name}` })
}

export const isClosing = ({ closing }: Worker): boolean => closing.signal.aborted

/** Repeats a call until the gateway answers, or refuses it. */
export async function untilHeard<T>(
  worker: Worker,
  call: () => Promise<T>,
  mostMs: number = worker.lostAfterMs,
): Promise<T> {
  for (const since = performance.now(); ; await sleep(AGAIN_MS)) {
    try {
      return await call()
    } catch (error) {
      if (error instanceof Refused || isClosing(worker) || performance.now() - since > mostMs) throw error
    }
  }
}

/** Forgets a run. */
export function drop({ runs }: Worker, one: WorkerRun): void {
  one.isOver = true
  one.aborter.abort()
  if (runs.get(one.run.id) === one) runs.delete(one.run.id)
}

/** Forgets a run that does not go on here: the GPU is free of it. */
export function leave(worker: Worker, one: WorkerRun): void {
  drop(worker, one)
  if (worker.active === one) worker.active = undefined
  worker.next()
}

/** Lets the GPU have the next run, while the end of this one is read. */
export function free(worker: Worker, one: WorkerRun): void {
  if (one.isDone) return
  one.isDone = true
  if (worker.active === one) worker.active = undefined
  worker.next()
  if (!worker.active) void worker.port.report(one.run.id, { progress: 0.99 }, true).catch(() => {})
}
