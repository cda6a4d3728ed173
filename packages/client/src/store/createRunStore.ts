import { cancelRun } from '../api/cancelRun.ts'
import { ArgumentError } from '../errors.ts'
import { isDone, isFailed } from '../internal/data.ts'
import { checkOptions, isFunction, isId, isMs } from '../internal/options.ts'
import { reveal } from '../internal/secrets.ts'
import { isPollInterval, isPush } from '../internal/waitRules.ts'
import { submit } from '../poller/run/submit.ts'
import type { Client, Inputs } from '../types.ts'
import { followRun } from './followRun.ts'
import { lookForRun } from './lookForRun.ts'
import { openStorage, type RunRecord, type Snapshot } from './openStorage.ts'
import { toEnd } from './toEnd.ts'
import type { RunSnapshot, RunStore, RunStoreOptions, StoredWorkflow } from './types.ts'

type Running = Extract<Snapshot, { status: 'running' }>

const idle: Snapshot = /* @__PURE__ */ Object.freeze({ status: 'idle' })

/** What is shown of a run that the server was not asked for yet. */
const toSnapshot = ({ runId, startedAt }: RunRecord): Snapshot =>
  runId ? { status: 'queued', runId, startedAt } : { status: 'submitting', startedAt }

/**
 * Makes a store of one run, for a page and any framework: `subscribe` and `getSnapshot` are what React, Vue and Svelte need.
 * The run survives a reload. Nothing is sent, read or listened to before the first `start` or `subscribe`.
 *
 * @throws {@link ArgumentError} (`ERR_FLOWSCALE_ARGUMENT`) for a wrong option. Errors of a run are in the snapshot.
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
    pollIntervalMs: isPollInterval,
    timeoutMs: isMs,
    storage: (value) => value === null || isFunction(value?.getItem),
    key: isId,
  })
  const { storage, key = 'flowscale-run', ...wait } = options
  const { load, save } = openStorage(storage, key)
  const listeners = new Set<() => void>()
  let snapshot = idle
  /** The run that the snapshot is of. */
  let record: RunRecord | undefined
  /** Of that run, while it is on its way; ends with the snapshot that its `start` gives. */
  let submission: Promise<Snapshot> | undefined
  let submitting: AbortController
  let following: AbortController | undefined
  let isClosed = false

  const isEnded = () => isDone(snapshot.status) || isFailed(snapshot.status)
  const show = (next: Snapshot) => {
    if (Object.entries(next).every(([name, value]) => snapshot[name as never] === value)) return
    snapshot = Object.freeze(next)
    for (const listener of listeners) {
      try {
        listener()
      } catch (error) {
        // The others are to hear, too.
        console.error(error)
      }
    }
  }

  const keep = (next: RunRecord | undefined) => {
    record = next
    save(next)
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
    const next = load(record)
    const isOther = next?.groupId !== record?.groupId
    if (isOther) submission = undefined
    if (isOther || (next?.runId && !record?.runId)) take(next)
    return record
  }
  const unfollow = () => {
    following?.abort()
    following = undefined
  }
  const leave = () => {
    globalThis.removeEventListener?.('storage', sync)
    unfollow()
  }

  /** Goes on with the run, for as long as somebody listens. `error`: why its submission was not answered. */
  const follow = async (error?: unknown) => {
    const own = record
    if (!own || following || !listeners.size || isEnded()) return
    const { runId } = own
    if (submission && !runId) return
    following = new AbortController()
    const { signal } = following
    if (snapshot.status === 'lost') show(toSnapshot(own))
    if (!runId) {
      const found = await lookForRun(client, own, sync, signal).catch(() => undefined)
      if (sync() !== own || signal.aborted) return
      if (!found) return show(toEnd(own, error, true))
      keep({ ...own, runId: found })
      return take(record)
    }
    const end = await followRun(client, { ...own, runId }, { ...wait, signal }, (next) => {
      // The first poll may know less than an earlier wait.
      const isBack = (next as Running).progress! < (snapshot as Running).progress!
      if (!signal.aborted && !isBack)
        show({ ...(next.status === snapshot.status && snapshot), ...next } as Snapshot)
    })
    if (!signal.aborted) show(end)
  }

  /** Sees a submission through. The run may have been forgotten meanwhile, and another one started. */
  const finish = async (own: RunRecord, sent: Promise<{ run_id: string }>, { signal }: AbortController) => {
    let next = own
    let end: Snapshot | undefined
    try {
      next = { ...own, runId: (await sent).run_id }
    } catch (error) {
      const { name, maybeSubmitted, runId } = Object(error)
      // An abort after the 5 s may have come too late.
      const isOpen = maybeSubmitted || (name === 'AbortError' && error !== signal.reason)
      if (runId) next = { ...own, runId }
      else if (error === signal.reason) end = { status: 'cancelled', startedAt: own.startedAt }
      else end = toEnd(own, error, isOpen)
    }
    end ??= toSnapshot(next)
    if (sync()?.groupId !== own.groupId) return end
    submission = undefined
    if (record?.runId) return snapshot
    const isLost = end.status === 'lost'
    keep(isLost ? { ...own, isOver: true } : next.runId ? next : undefined)
    if (!isLost || !listeners.size) show(end)
    follow((end as { error?: unknown }).error)
    return snapshot
  }

  return {
    getSnapshot: () => snapshot as RunSnapshot<W>,
    getServerSnapshot: () => idle as RunSnapshot<W>,
    subscribe(listener) {
      const own = () => listener()
      if (isClosed) return leave
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
      if (isClosed) throw new ArgumentError('The store is closed: make a new one')
      sync()
      if (!submission && (isEnded() || /idle|lost/.test(snapshot.status))) {
        const { id = workflow, outputNames: names } = Object(workflow)
        const startedAt = Date.now()
        const groupId = `flowscale-store-${startedAt}-${Math.random()}`
        const own = { groupId, startedAt, names }
        keep(own)
        submitting = new AbortController()
        const execution = { ...options, groupId, signal: submitting.signal }
        const grace = { graceMs: 5000, toError: (error: unknown) => error }
        submission = finish(own, submit(client, id, inputs as Inputs, execution, grace), submitting)
        take(own)
      }
      return ((await submission) ?? snapshot) as RunSnapshot<W>
    },
    async cancel() {
      const own = sync()
      if (!own || isEnded()) return
      const going = submission
      if (going) submitting.abort()
      let { status, runId } = (await going) ?? toSnapshot(own)
      if (/submitting|lost/.test(status))
        runId ??= await lookForRun(client, { ...own, isOver: !!going }, sync)
      if (runId) await cancelRun(client, runId)
      if (record?.groupId !== own.groupId) return
      unfollow()
      if (runId) follow()
      else if (snapshot.status === 'submitting') show(toEnd(own, undefined, true))
    },
    reset() {
      if (isClosed) return
      submission = undefined
      keep(undefined)
      take(record)
    },
    close() {
      listeners.clear()
      leave()
      isClosed = true
    },
  }
}
