import { cancelRun } from '../api/cancelRun.ts'
import { executeWorkflow } from '../api/executeWorkflow.ts'
import { ArgumentError, type FlowScaleError, RunError } from '../errors.ts'
import { isFailed, isObject, list, text } from '../internal/data.ts'
import { checkOptions, isFunction, isMs, isString, type Rule } from '../internal/options.ts'
import { withQuery } from '../internal/query.ts'
import { readRun } from '../internal/readRun.ts'
import { isUnclear, request } from '../internal/request.ts'
import { reveal } from '../internal/secrets.ts'
import { sleep } from '../internal/timers.ts'
import { isPollInterval, isPush } from '../internal/waitRules.ts'
import { waitForResult } from '../poller/run/waitForResult.ts'
import { nameOutputs } from '../typed/nameOutputs.ts'
import type { Client, Inputs, RunProgress } from '../types.ts'
import type { RunSnapshot, RunStorage, RunStore, RunStoreOptions, StoredWorkflow } from './types.ts'

/** What the storage holds. */
interface Saved {
  readonly workflowId: string
  /** Of a typed workflow. */
  readonly names?: readonly string[] | undefined
  /** Of this run alone: in it the run is found when its id was lost. */
  readonly groupId: string
  readonly startedAt: number
  readonly runId?: string | undefined
}

/** So long a run that was being submitted is looked for in its group, in ms: by another tab, as long as it may take. */
const lookMs = 10_000
const othersLookMs = 600_000
const idle = { status: 'idle' } as const

const makeRules = (): Record<keyof RunStoreOptions, Rule> => ({
  push: isPush,
  pollIntervalMs: isPollInterval,
  timeoutMs: isMs,
  storage: (value) => value === null || isFunction(value?.getItem),
  key: isString,
})

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
  checkOptions(options, makeRules())
  const { storage, key = 'flowscale-run', ...wait } = options
  const listeners = new Set<() => void>()
  let snapshot: RunSnapshot<StoredWorkflow> = idle
  let saved: Saved | undefined
  let submission: Promise<unknown> | undefined
  /** Ends the upload of a submission. */
  let submitting = new AbortController()
  /** Ends the wait. */
  let following = new AbortController()
  let isFollowing = false
  let isClosed = false

  const show = (next: RunSnapshot<StoredWorkflow>) => {
    if (isClosed) return
    snapshot = Object.freeze(next)
    for (const listener of listeners) listener()
  }
  const place = (): RunStorage | null => (storage === undefined ? globalThis.sessionStorage : storage)
  const save = (next: Saved | undefined) => {
    saved = next
    // A page may have no storage, or a full one.
    try {
      if (next) place()?.setItem(key, JSON.stringify(next))
      else place()?.removeItem(key)
    } catch {}
  }
  const load = (): Saved | undefined => {
    try {
      const found = JSON.parse(place()!.getItem(key)!)
      return found.groupId && found.workflowId && found.startedAt ? found : undefined
    } catch {
      return undefined
    }
  }
  const isGoing = () => /^(submitting|queued|running)$/.test(snapshot.status)

  /** Shows how a run failed, or that nobody knows. */
  const fail = ({ groupId, startedAt, runId }: Saved, error: unknown) => {
    const { status } = error as RunError
    if (error instanceof RunError || !(runId || (error as FlowScaleError)?.maybeSubmitted)) {
      show(
        isFailed(status) && /^cancel/.test(status)
          ? { status: 'cancelled', runId, startedAt }
          : { status: 'failed', runId, startedAt, error },
      )
    } else show({ status: 'lost', runId, startedAt, groupId, error })
  }

  /** Looks for the run in its group. */
  const look = async ({ groupId }: Saved, ms: number, signal: AbortSignal): Promise<string | undefined> => {
    for (let until = 0; ; await sleep(1000, signal)) {
      try {
        const { data } = await request(client, withQuery('runs', { group_id: groupId }), {
          options: { signal },
          parseData: (data, _, headers) =>
            list(isObject(data) ? data.runs : data).map((run) => readRun(run, headers)),
        })
        if (data[0]) return data[0]._id
        until ||= Date.now() + ms
        if (Date.now() >= until) return undefined
      } catch (error) {
        signal.throwIfAborted()
        if (!isUnclear(error as Error)) return undefined
      }
    }
  }

  /** Goes on with the run that is saved, for as long as somebody listens. */
  const follow = async (ms: number, submittedAt?: number) => {
    if (isFollowing || !saved || !listeners.size || isClosed) return
    isFollowing = true
    const own = new AbortController()
    following = own
    const { signal } = own
    const { names, startedAt, groupId } = saved
    let { runId } = saved
    try {
      if (!runId) {
        if (!isGoing()) show({ status: 'submitting', startedAt })
        runId = await look(saved, ms, signal)
        if (!runId) return show({ status: 'lost', startedAt, groupId })
        save({ ...saved, runId })
      }
      const id = runId
      const onProgress = ({ status, progress, position }: RunProgress) => {
        if (/^(queued|pending)$/.test(status)) show({ status: 'queued', runId: id, startedAt, position })
        else if (!/^(completed|success)$/.test(status) && !isFailed(status))
          show({ status: 'running', runId: id, startedAt, progress })
      }
      if (!isGoing() || snapshot.runId !== id) show({ status: 'queued', runId: id, startedAt })
      // TODO(store helper): a server may not know a run that was just submitted (404, 5 s).
      void submittedAt
      const result = await waitForResult(client, id, { timeoutMs: Infinity, ...wait, signal, onProgress })
      const { outputs } = names ? nameOutputs({ id: '', outputNames: names }, result) : result
      show({ status: 'completed', runId: id, startedAt, outputs })
    } catch (error) {
      if (!signal.aborted) fail({ ...saved, runId }, error)
    } finally {
      if (own === following) isFollowing = false
    }
  }
  const unfollow = () => {
    isFollowing = false
    following.abort()
  }

  /** Takes up the run of the storage. */
  const restore = (ms: number) => {
    if (submission) return
    const found = load()
    const isSame = found?.groupId === saved?.groupId && found?.runId === saved?.runId
    if (!isSame) unfollow()
    saved = found
    if (isSame) follow(ms)
    else if (found) {
      snapshot = idle
      follow(ms)
    } else show(idle)
  }
  const changed = (event: Event) => {
    const { key: name } = event as Event & { readonly key: string | null }
    if (name === key || name === null) restore(othersLookMs)
  }

  const perform = async (record: Saved, inputs: Inputs, options: object) => {
    const { signal } = submitting
    const { workflowId, groupId } = record
    const isOurs = () => saved?.groupId === groupId
    let own = record
    try {
      const { data } = await executeWorkflow(client, workflowId, inputs, { ...options, groupId, signal })
      own = { ...record, runId: data.run_id }
    } catch (error) {
      const { runId, maybeSubmitted } = error as FlowScaleError
      if (!isOurs()) return
      if (runId) own = { ...record, runId }
      else if (!maybeSubmitted && !signal.aborted) return fail(record, error)
    }
    if (isOurs()) save(own)
    if (own.runId) {
      if (isOurs()) show({ status: 'queued', runId: own.runId, startedAt: own.startedAt })
      if (signal.aborted) await cancelRun(client, own.runId)
    }
  }

  const store: RunStore<W> = {
    getSnapshot: () => snapshot as RunSnapshot<W>,
    getServerSnapshot: () => idle,
    subscribe(listener) {
      const own = () => listener()
      if (isClosed) return () => {}
      if (!listeners.size) globalThis.addEventListener?.('storage', changed)
      listeners.add(own)
      if (listeners.size < 2) restore(lookMs)
      return () => {
        listeners.delete(own)
        if (listeners.size) return
        globalThis.removeEventListener?.('storage', changed)
        unfollow()
      }
    },
    async start(workflow, inputs, options = {}) {
      if (isClosed) throw new ArgumentError('The store is closed: make a new one')
      if (!submission && !isGoing()) {
        unfollow()
        const startedAt = Date.now()
        const { id, outputNames } = Object(workflow)
        const groupId = `flowscale-store-${startedAt}-${Math.random().toString(36).slice(2)}`
        submitting = new AbortController()
        const record = { workflowId: id ?? text(workflow), names: outputNames, groupId, startedAt }
        save(record)
        show({ status: 'submitting', startedAt })
        submission = perform(record, inputs as Inputs, options).finally(() => {
          submission = undefined
          if (saved === record || saved?.runId) follow(lookMs, Date.now())
        })
      }
      await submission
      return snapshot as RunSnapshot<W>
    },
    async cancel() {
      if (submission) {
        submitting.abort()
        await submission
      } else if (saved?.runId && (isGoing() || snapshot.status === 'lost')) {
        await cancelRun(client, saved.runId)
        unfollow()
        follow(lookMs)
      }
    },
    reset() {
      unfollow()
      save(undefined)
      show(idle)
    },
    close() {
      unfollow()
      listeners.clear()
      globalThis.removeEventListener?.('storage', changed)
      isClosed = true
    },
  }
  return store
}
