import { cancelRun } from '../api/cancelRun.ts'
import { submitWithGrace } from '../api/executeWorkflow.ts'
import { ArgumentError, RunError, TimeoutError } from '../errors.ts'
import type { Inputs } from '../inputs.ts'
import { checkOptions, isId, isMs, isPush } from '../internal/options.ts'
import { reveal } from '../internal/secrets.ts'
import { sleep, startTimer } from '../internal/timers.ts'
import type { WaitOptions } from '../poller/options.ts'
import { waitForResult } from '../poller/waitForResult.ts'
import { isDone, isFailed, isWaiting, sortOutputs } from '../run.ts'
import type { Client, RunResult } from '../types.ts'
import { lookForRun } from './lookForRun.ts'
import { endSnapshot, openStorage, type RunRecord, type Snapshot, toSnapshot } from './record.ts'
import type { RunSnapshot, RunStore, RunStoreOptions, StoredWorkflow } from './types.ts'

type Running = Extract<Snapshot, { status: 'running' }>

/** How long a run that has ended may lack outputs, in ms. */
const outputsMs = 300_000

/** A server may answer 404 for a run that was submitted less than this time ago, in ms. */
const freshMs = 60_000

const idle: Snapshot = /* @__PURE__ */ Object.freeze({ status: 'idle' })

/**
 * Makes a store of one run, for a page and any framework: `subscribe` and `getSnapshot` are what React, Vue and Svelte need.
 * The run survives a reload. Nothing is sent, read or listened to before the first `start` or `subscribe`.
 *
 * @throws {@link ArgumentError} (`ERR_FLOWSCALE_ARGUMENT`) if an option is wrong. Errors of a run are in the snapshot.
 *
 * @example
 * ```ts
 * const store = createRunStore(client)
 * const stop = store.subscribe(() => console.log(store.getSnapshot().status))
 * await store.start('bncu0a1kipv', { text_51536: 'a red fox' })
 * stop()
 * ```
 */
export function createRunStore<W extends StoredWorkflow = string>(
  client: Client,
  options: RunStoreOptions = {},
): RunStore<W> {
  reveal(client)
  checkOptions(options, {
    push: isPush,
    pollIntervalMs: isMs,
    timeoutMs: isMs,
    storage: (value) =>
      value === null || /^(local|session)Storage$/.test(value) || !!value.getItem || 'a Storage',
    key: isId,
  })
  const { storage = 'sessionStorage', key = 'flowscale-run', timeoutMs = Infinity, ...wait } = options
  const { load, save } = openStorage(storage, `${key} ${client.baseUrl}`)
  const listeners = new Set<() => void>()
  let snapshot = idle
  /** The run that the snapshot is of. */
  let record: RunRecord | undefined
  /** Of that run, while it is on its way; ends with the snapshot that its `start` gives. */
  let submission: Promise<Snapshot> | undefined
  let submitting: AbortController
  let following: AbortController | undefined
  let isClosed = false

  const isBusy = () => /^(submitting|queued|running)$/.test(snapshot.status)
  const isEnded = ({ status } = snapshot) => isDone(status) || isFailed(status)
  const show = (next: Snapshot) => {
    snapshot = next
    for (const listener of listeners) {
      try {
        listener()
      } catch (error) {
        // The others are to hear, too.
        console.error(error)
      }
    }
  }

  const unfollow = () => {
    following?.abort()
    following = undefined
  }
  const leave = () => {
    globalThis.removeEventListener?.('storage', sync)
    unfollow()
  }
  /** Takes another run, or the id of this one. */
  const take = (next: RunRecord | undefined) => {
    unfollow()
    record = next
    show(next ? toSnapshot(next) : idle)
    follow()
  }
  /** Takes over the run of the storage: another tab, or another store of the page, may have written it. */
  const sync = () => {
    const next = load(record, isBusy())
    const isOther = next?.groupId !== record?.groupId
    if (isOther) submission = undefined
    if (isOther || (next !== record && !record?.runId)) take(next)
    return record
  }

  /** Goes on with the run, for as long as somebody listens. `why`: the error of its submission. */
  const follow = async (why?: unknown) => {
    if (!record || following || !listeners.size || isEnded()) return
    if (submission && !record.runId) return
    following = new AbortController()
    const { signal } = following
    let late: ReturnType<typeof startTimer> | undefined
    let own = record
    let end: Snapshot
    let isKnown = false
    if (snapshot.status === 'lost') show(toSnapshot(own))
    try {
      if (!own.runId) {
        const runId = await lookForRun(client, own, sync, signal)
        signal.throwIfAborted()
        if (!runId) throw why
        own = { ...own, runId }
        record = own
        save(own)
        show(toSnapshot(own))
      }
      const onProgress: WaitOptions['onProgress'] = ({ status: word, ...more }) => {
        // The first poll may know less than an earlier wait.
        isKnown = true
        if (signal.aborted || isFailed(word) || more.progress! < (snapshot as Running).progress!) return
        // Outputs may come a little later than the end, or be gone.
        if (isDone(word)) {
          late ??= startTimer(() => {
            unfollow()
            show(endSnapshot(own, new TimeoutError('No outputs', { timeoutMs: outputsMs }), true))
          }, outputsMs)
        }
        const status = isWaiting(word) ? 'queued' : 'running'
        const next = toSnapshot(own, { ...(snapshot.status === status && snapshot), ...more, status })
        if (JSON.stringify(next) !== JSON.stringify(snapshot)) show(next)
      }
      const all = { ...wait, timeoutMs, signal, onProgress }
      const ask = (left: number): Promise<RunResult> =>
        waitForResult(client, own.runId!, all).catch(async (error) => {
          if (error.status !== 404 || !left) throw error
          await sleep(1000, signal)
          return ask(left - 1)
        })
      const result = await ask(Date.now() - own.startedAt < freshMs ? 5 : 0)
      const outputs = own.names ? sortOutputs(own.names, result) : result.outputs
      end = toSnapshot(own, { status: 'completed', outputs })
    } catch (error) {
      // A run whose outputs fit no name has ended.
      const { status, result } = Object(error)
      end = endSnapshot(own, error, !(error instanceof RunError || result))
      // An earlier page saved this run, maybe for another user. After a new login a reload may show it, except after a 404.
      const isEarlier = !isKnown && own.startedAt < performance.timeOrigin
      if (isEarlier && /^40[134]$/.test(status) && !signal.aborted) {
        record = undefined
        end = idle
        if (status === 404) save(record)
      }
    }
    clearTimeout(late)
    if (signal.aborted) return
    // From here on no push is heard.
    unfollow()
    show(end)
  }

  /** Sees a submission through. The run may have been forgotten meanwhile, and another one started. */
  const finish = async (own: RunRecord, sent: Promise<{ run_id: string }>) => {
    // An error may name the run, too.
    const answer = await sent.catch(Object)
    const { name, maybeSubmitted, run_id, runId = run_id, others } = answer
    // An abort after the 5 s may have come too late.
    const isOpen = !runId && (maybeSubmitted || name === 'AbortError')
    const next = { ...own, runId, others, isOver: true }
    const end = runId ? toSnapshot(next) : endSnapshot(own, answer, isOpen)
    if (sync()?.groupId !== own.groupId) return end
    submission = undefined
    if (record?.runId) return snapshot
    record = runId || isOpen ? next : undefined
    save(record)
    if (!isOpen || !listeners.size) show(end)
    follow(answer)
    return isOpen ? snapshot : end
  }

  return {
    getSnapshot: () => snapshot as RunSnapshot<W>,
    getServerSnapshot: () => idle as RunSnapshot<W>,
    subscribe(listener) {
      if (isClosed) return leave
      // The same function may listen for several.
      const own = () => listener()
      listeners.add(own)
      if (listeners.size < 2) {
        globalThis.addEventListener?.('storage', sync)
        sync()
        follow()
      }
      return () => {
        listeners.delete(own)
        if (!listeners.size) leave()
      }
    },
    async start(workflow, inputs, options) {
      if (isClosed) throw new ArgumentError('The store is closed')
      sync()
      let going = submission
      if (!isBusy()) {
        const { id = workflow, outputNames: names } = Object(workflow)
        const startedAt = Date.now()
        const groupId = `flowscale-store-${startedAt}-${Math.random()}`
        const own = { groupId, startedAt, names }
        save(own)
        submitting = new AbortController()
        const execution = { ...options, groupId, signal: submitting.signal }
        const grace = { graceMs: 5000, toError: (error: unknown) => error }
        going = submission = finish(own, submitWithGrace(client, id, inputs as Inputs, execution, grace))
        take(own)
      }
      return ((await going) ?? snapshot) as RunSnapshot<W>
    },
    async cancel() {
      const own = sync()
      if (!own || isEnded()) return
      const going = submission
      // A submission that was not sent yet fails with that.
      if (going) submitting.abort({ status: 'cancelled' })
      const end = (await going) ?? toSnapshot(own)
      if (isEnded(end)) return
      const runId = end.runId ?? (await lookForRun(client, { ...own, isOver: own.isOver || !!going }, sync))
      try {
        if (runId) await cancelRun(client, runId)
      } finally {
        if (record?.groupId === own.groupId) {
          unfollow()
          if (runId) follow()
          else if (snapshot.status === 'submitting') show(endSnapshot(own, undefined, true))
        }
      }
    },
    reset() {
      if (isClosed) return
      sync()
      submission = undefined
      save(undefined)
      take(undefined)
    },
    close() {
      listeners.clear()
      leave()
      isClosed = true
    },
  }
}
