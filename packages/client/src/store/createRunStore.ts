import { cancelRun } from '../api/cancelRun.ts'
import { ArgumentError } from '../errors.ts'
import { checkOptions, isFunction, isMs, isString } from '../internal/options.ts'
import { reveal } from '../internal/secrets.ts'
import { isPollInterval, isPush } from '../internal/waitRules.ts'
import type { Client, Inputs } from '../types.ts'
import { createRecord, prefix, type RunRecord, type Snapshot, toSnapshot } from './createRecord.ts'
import { followRun } from './followRun.ts'
import { lookForRun } from './lookForRun.ts'
import { submitRun } from './submitRun.ts'
import type { RunSnapshot, RunStore, RunStoreOptions, StoredWorkflow } from './types.ts'

const idle: Snapshot = /* @__PURE__ */ Object.freeze({ status: 'idle' })

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
    key: isString,
  })
  const { storage, key = 'flowscale-run', ...wait } = options
  const record = createRecord(storage, key)
  const listeners = new Set<() => void>()
  let snapshot = idle
  /** The run that the snapshot is of. */
  let saved: RunRecord | undefined
  /** Of that run, while it is on its way. */
  let submission: { readonly controller: AbortController; readonly end: Promise<Snapshot> } | undefined
  let following: AbortController | undefined
  let isClosed = false

  const is = (statuses: string) => statuses.includes(snapshot.status)
  const isGoing = () => is('submitting queued running')

  const show = (next: Snapshot) => {
    const isNew = Object.entries(next).some(([name, value]) => snapshot[name as never] !== value)
    if (isClosed || !isNew) return
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
    saved = next
    record.write(next)
  }
  const unfollow = () => {
    following?.abort()
    following = undefined
  }
  const leave = () => {
    globalThis.removeEventListener?.('storage', changed)
    unfollow()
  }

  /** Goes on with the run, for as long as somebody listens. */
  const follow = async () => {
    const own = saved
    if (!own || following || !listeners.size || is('completed failed cancelled')) return
    if (submission && !own.runId) return
    following = new AbortController()
    const { signal } = following
    const { startedAt, groupId } = own
    const tell = (next: Snapshot) => {
      const { progress } = snapshot as { progress?: number }
      if (signal.aborted) return
      // The first poll may know less than an earlier wait.
      show(next.status === 'running' && progress! > (next.progress ?? -1) ? { ...next, progress } : next)
    }
    if (!isGoing()) show(toSnapshot(own))
    const look = { signal, read, listeners }
    const runId = own.runId ?? (await lookForRun(client, own, look).catch(() => undefined))
    sync()
    if (signal.aborted) return
    if (runId && !own.runId) keep({ ...own, runId })
    const end = runId
      ? await followRun(client, own, runId, { ...wait, signal }, tell)
      : ({ status: 'lost', startedAt, groupId } as const)
    if (signal.aborted) return
    following = undefined
    show(end)
  }

  /** Takes over the run of the storage, where that is another one, or has its id now. */
  const sync = () => {
    const found = record.read()
    if (found?.groupId !== saved?.groupId) submission = undefined
    else if (!found?.runId || saved?.runId) return
    unfollow()
    saved = found
    show(found ? toSnapshot(found) : idle)
    follow()
  }
  const read = () => {
    sync()
    return saved
  }
  const changed = (event: Event) => {
    const { key: name } = event as StorageEvent
    if (name === key || name === null) sync()
  }

  const perform = async (own: RunRecord, ...args: [unknown, Inputs, object | undefined, AbortSignal]) => {
    const [next, end] = await submitRun(client, own, { read, listeners }, ...args)
    sync()
    // It may have been forgotten, and another one started.
    if (saved?.groupId === own.groupId) {
      submission = undefined
      if (!saved.runId) {
        if (end.status !== 'lost') keep(next.runId ? next : undefined)
        show(end)
      }
      if (next.runId) follow()
    }
    return end
  }

  return {
    getSnapshot: () => snapshot as RunSnapshot<W>,
    getServerSnapshot: () => idle as RunSnapshot<W>,
    subscribe(listener) {
      const own = () => listener()
      if (isClosed) return () => {}
      listeners.add(own)
      if (listeners.size < 2) {
        globalThis.addEventListener?.('storage', changed)
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
      let own = submission
      if (!own) {
        if (isGoing()) return snapshot as RunSnapshot<W>
        const { id = workflow, outputNames: names } = Object(workflow)
        const startedAt = Date.now()
        const groupId = `${prefix}${startedAt}-${Math.random().toString(36).slice(2)}`
        const controller = new AbortController()
        const next = { groupId, startedAt, names }
        keep(next)
        own = { controller, end: perform(next, id, inputs as Inputs, options, controller.signal) }
        submission = own
        show(toSnapshot(next))
      }
      return (await own.end) as RunSnapshot<W>
    },
    async cancel() {
      sync()
      const own = saved
      if (!own || is('completed failed cancelled')) return
      submission?.controller.abort()
      const { groupId, startedAt } = own
      const runId = submission
        ? (await submission.end).runId
        : (own.runId ?? (await lookForRun(client, own, { read, listeners })))
      if (runId) await cancelRun(client, runId)
      if (saved?.groupId !== groupId) return
      unfollow()
      if (runId) follow()
      else if (isGoing()) show({ status: 'lost', startedAt, groupId })
    },
    reset() {
      if (isClosed) return
      unfollow()
      submission = undefined
      keep(undefined)
      show(idle)
    },
    close() {
      listeners.clear()
      leave()
      isClosed = true
    },
  }
}
