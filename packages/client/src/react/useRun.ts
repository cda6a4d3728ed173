import { useState, useSyncExternalStore } from 'react'
import { createRunStore } from '../store/createRunStore.ts'
import type { RunSnapshot, RunStore, RunStoreOptions, StoredWorkflow } from '../store/types.ts'
import type { Client } from '../types.ts'

/** A run, and what can be done with it. */
export type UsedRun<W extends StoredWorkflow = string> = RunSnapshot<W> &
  Pick<RunStore<W>, 'start' | 'cancel' | 'reset'>

/**
 * A run for a component: {@link createRunStore} as a hook. Another `client` or `key` is another run; other options are
 * those of the first rendering.
 *
 * @throws {@link ArgumentError} (`ERR_FLOWSCALE_ARGUMENT`) for a wrong option. Errors of a run are in the snapshot.
 *
 * @example
 * ```tsx
 * function Fox() {
 *   const run = useRun(client)
 *   return <button onClick={() => run.start('bncu0a1kipv', { text_51536: 'a red fox' })}>{run.status}</button>
 * }
 * ```
 */
export function useRun<W extends StoredWorkflow = string>(
  client: Client,
  options: RunStoreOptions = {},
): UsedRun<W> {
  const { key } = options
  const make = () => ({ client, key, store: createRunStore<W>(client, options) })
  let [held, hold] = useState(make)
  if (held.client !== client || held.key !== key) {
    held = make()
    hold(held)
  }
  const { subscribe, getSnapshot, getServerSnapshot, start, cancel, reset } = held.store
  const snapshot = useSyncExternalStore(subscribe, getSnapshot, getServerSnapshot)
  return { ...snapshot, start, cancel, reset }
}
