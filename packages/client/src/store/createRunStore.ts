import { cancelRun } from '../api/cancelRun.ts'
import { submitWithGrace } from '../api/executeWorkflow.ts'
import { ArgumentError, RunError, TimeoutError } from '../errors.ts'
import type { Inputs } from '../inputs.ts'
import { checkOptions, isBoolean, isId, isMs, isPush } from '../internal/options.ts'
import { reveal } from '../internal/secrets.ts'
import { sleep } from '../internal/timers.ts'
import type { WaitOptions } from '../poller/options.ts'
import { isDone, isEnded, isFailed, isWaiting, sortOutputs } from '../run.ts'
import type { Client, Envelope, Execution } from '../types.ts'
import { lookForRun, readResult } from './lookForRun.ts'
import { endSnapshot, newRecord, openStorage, type RunRecord, type Snapshot, toSnapshot } from './record.ts'
import type { RunSnapshot, RunStore, RunStoreOptions, StoredWorkflow } from './types.ts'

type Running = Extract<Snapshot, { status: 'running' }>

/** How long a run that is done may lack outputs, in ms. */
const outputsMs = 300_000

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
    previews: isBoolean,
    timeoutMs: isMs,
    storage: (value) =>
      value === null || /^(local|session)Storage$/.test(value) || !!value.getItem || 'a Storage',
    key: isId,
  })
  const {
    storage = 'sessionStorage',
    key = 'flowscale-run',
    timeoutMs = Infinity,
    previews,
    ...wait
  } = options
  const { load, save } = openStorage(storage, `${key} ${client.baseUrl}`)
  const listeners = new Set<() => void>()
  let snapshot = idle
  /** The run of the snapshot. */
  let record: RunRecord | undefined
  /** The submission of that run, while it lasts. Its result is the result of `start`. */
  let submission: Promise<Snapshot> | undefined
  let submitting: AbortController
  let following: AbortController | undefined
  let isClosed = false

  const isBusy = () => /^(submitting|queued|running)$/.test(snapshot.status)
  const show = (next: Snapshot) => {
    snapshot = next
    for (const listener of listeners) {
      try {
        listener()
      } catch (error) {
        // An error of one listener must not keep the update from the others.
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
  /** Shows another run, or the same run with its id. */
  const take = (next: RunRecord | undefined) => {
    unfollow()
    record = next
    show(next ? toSnapshot(next) : idle)
    follow()
  }
  /** Takes the run of the storage, which another tab or another store of the page may have written. */
  const sync = () => {
    const next = load(record, isBusy())
    const isOther = next?.groupId !== record?.groupId
    if (isOther) submission = undefined
    if (isOther || (next !== record && !record?.runId)) take(next)
    return record
  }

  /** Follows the run as long as there is a listener. `why` is the error of its submission. */
  const follow = async (why?: unknown) => {
    if (!record || following || !listeners.size || isEnded(snapshot.status)) return
    if (submission && !record.runId) return
    following = new AbortController()
    const { signal } = following
    if (snapshot.status === 'lost') show(toSnapshot(record))
    const end = await waitForEnd(record, signal, why)
    if (signal.aborted) return
    // After this, a late push can't replace the last snapshot.
    unfollow()
    show(end)
  }

  /** Shows the states of a run, and gives its last snapshot. */
  const waitForEnd = async (own: RunRecord, signal: AbortSignal, why: unknown): Promise<Snapshot> => {
    let isKnown = false
    let lacksOutputs = false
    const onProgress: WaitOptions['onProgress'] = ({ status: word, ...more }) => {
      isKnown = true
      // The first poll may know less than an earlier wait.
      if (signal.aborted || isFailed(word) || more.progress! < (snapshot as Running).progress!) return
      // Outputs may come a little later than the end, or never.
      if (isDone(word) && !lacksOutputs) {
        lacksOutputs = true
        sleep(outputsMs, signal).then(() => {
          unfollow()
          show(endSnapshot(own, new TimeoutError('No outputs', { timeoutMs: outputsMs }), true))
        }, Object)
      }
      const status = isWaiting(word) ? 'queued' : 'running'
      const next = toSnapshot(own, { ...(snapshot.status === status && snapshot), ...more, status })
      if (JSON.stringify(next) !== JSON.stringify(snapshot)) show(next)
    }
    try {
      if (!own.runId) {
        const runId = await lookForRun(client, own, sync, signal)
        signal.throwIfAborted()
        if (!runId) throw why
        record = own = { ...own, runId }
        save(own)
        show(toSnapshot(own))
      }
      const result = await readResult(client, own, { ...wait, timeoutMs, signal, onProgress })
      const outputs = own.names ? sortOutputs(own.names, result) : result.outputs
      return toSnapshot(own, { status: 'completed', outputs })
    } catch (error) {
      const { status, result } = Object(error)
      // An earlier page saved this run, maybe for another user. A reload after a login may show the run, so only a 404 removes
      // it from the storage.
      const isEarlier = !isKnown && own.startedAt < performance.timeOrigin
      if (isEarlier && /^40[134]$/.test(status) && !signal.aborted) {
        record = undefined
        if (status === 404) save(undefined)
        return idle
      }
      // A run whose outputs fit no name has ended.
      return endSnapshot(own, error, !(error instanceof RunError || result))
    }
  }

  /** Awaits a submission. Meanwhile, its run may be forgotten, and another run may be started. */
  const finish = async (own: RunRecord, sent: Promise<Envelope<Execution>>) => {
    // An error may have the id of the run, too.
    const answer = await sent.then(({ data }) => data, Object)
    const { name, maybeSubmitted, run_id, runId = run_id, others } = answer
    // The abort after 5 s may have come too late.
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
      // Two subscribers may pass the same function.
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
      if (isClosed) throw new ArgumentError('the store is closed')
      sync()
      let going = submission
      if (!isBusy()) {
        const { id = workflow, outputNames } = Object(workflow)
        const own = newRecord(outputNames)
        save(own)
        submitting = new AbortController()
        const execution = { ...options, previews, groupId: own.groupId, signal: submitting.signal }
        // The group of this click alone is its key, too: the record holds it before anything is sent.
        const sent = submitWithGrace(client, id, inputs as Inputs, execution, (error) => error, own.groupId)
        going = submission = finish(own, sent)
        take(own)
      }
      return ((await going) ?? snapshot) as RunSnapshot<W>
    },
    async cancel() {
      const own = sync()
      if (!own || isEnded(snapshot.status)) return
      const going = submission
      // A submission that was not sent yet fails with this reason.
      if (going) submitting.abort({ status: 'cancelled' })
      const end = (await going) ?? toSnapshot(own)
      if (isEnded(end.status)) return
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
