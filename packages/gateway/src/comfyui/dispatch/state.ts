// What a gateway knows of the servers and runs of its queue. All files of this folder work on this one object.
import type { EngineContext } from '../../engine.ts'
import { type Chooser, createChooser } from '../../queue/turns.ts'
import { createComplain } from '../../records/watchStore.ts'
import { createListeners, type Listeners } from '../listeners.ts'
import { createPictures, type Pictures } from '../pictures.ts'
import type { Progress } from '../runRecord.ts'
import type { ComfyQueue, Entry } from './job.ts'
import type { Server } from './servers.ts'

export interface StateOptions extends Pick<EngineContext, 'log' | 'observer'> {
  readonly queue: ComfyQueue
  readonly lostAfterMs: number
  readonly maxQueueMs: number
}

class Knowledge {
  /** By name. */
  readonly servers: Map<string, Server> = new Map()
  /** The last progress of each run that was sent. */
  readonly progress: Map<string, Progress> = new Map()

  // What runs at work look like: previews.ts.
  readonly pictures: Pictures = createPictures()
  readonly asked: Map<string, Asked> = new Map()

  // Who gets the next run: assignRuns.ts.
  readonly chooser: Chooser = createChooser()
  isAssigning = false
  /** Whether something has changed since the last pass began. */
  isAssignWanted = false
  /** Whether no more runs are taken, since the gateway is about to stop. */
  isDraining = false
  /** By workflow, the servers on which it has failed since it completed on any. */
  readonly failedOn: Map<string, Set<string>> = new Map()
  /** Counts the steps that change which server has a run. */
  steps = 0

  // Who listens: followRuns.ts.
  readonly listeners: Listeners = createListeners()
  readonly followed: Map<string, Followed> = new Map()
  /** Counts the looks at runs, since the answer of an earlier one may come later. */
  looks = 0
  /** The runs whose change could not be read. */
  readonly untold: Set<string> = new Set()
  placesTimer: ReturnType<typeof setTimeout> | undefined
  arePlacesOld = false

  // Runs that no server can take: watchWaiting.ts.
  /** By needs. */
  readonly unmet: Map<string, Unmet> = new Map()
  expiredAt: number = Number.NEGATIVE_INFINITY

  // How servers are: watchServers.ts.
  /** The runs that were cancelled before the queue was opened, until they have ended. */
  cancelled: readonly Entry[] | undefined
  timer: ReturnType<typeof setInterval> | undefined
  isTicking = false
  tickedAt = 0
  /** Whether the last look at the queue, and at the other gateways, gave an answer. */
  isInTouch = false
  inTouchSince = 0
  /** By run, since when it is with a server that is unknown here. */
  readonly strays: Map<string, number> = new Map()
  /** Tells the other gateways of the servers here, and learns of theirs. */
  meetPeers: (() => Promise<void>) | undefined
}

export type State = Knowledge &
  StateOptions & {
    /** Logs a failure in the background, at most once a minute. */
    readonly complain: ReturnType<typeof createComplain>
  }

export const createState = (options: StateOptions): State =>
  Object.assign(new Knowledge(), options, { complain: createComplain(() => options.log) })

/** When somebody last asked for the pictures of a run, here and at other gateways, and when this gateway last told the others. */
interface Asked {
  here: number
  elsewhere: number
  toldAt: number
}

/** A run that somebody follows. */
interface Followed {
  followers: number
  /** The last state that listeners heard, and the look that found it. */
  look: number
  told?: string
}

/** Needs that no server meets. */
export interface Unmet {
  readonly since: number
  readonly why: string
  readonly isLogged: boolean
}
