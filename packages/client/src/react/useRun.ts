import { useState, useSyncExternalStore } from 'react'
import { ArgumentError } from '../errors.ts'
import { createRunStore } from '../store/createRunStore.ts'
import type { RunSnapshot, RunStore, RunStoreOptions, StoredWorkflow } from '../store/types.ts'
import type { Client } from '../types.ts'

/** A run and its functions, which are the same at each rendering. */
export type UsedRun<W extends StoredWorkflow = string> = RunSnapshot<W> &
  Pick<RunStore<W>, 'start' | 'cancel' | 'reset'>

/**
 * A run for a component: {@link createRunStore} as a hook. If `client` or `key` changes, you get another run. Changes of
 * other options have no effect. Make the client, and a connection for `push`, outside the component or with `useMemo`.
 *
 * For a workflow of `defineWorkflow` write `useRun<typeof workflow>(client)`: it checks the inputs and names the outputs.
 * If several components show the same run, call `useRun` once and pass the run by props or a context.
 *
 * @throws {@link ArgumentError} (`ERR_FLOWSCALE_ARGUMENT`) if an option is wrong, or if each rendering makes a new client.
 * Errors of a run are in the snapshot.
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
  const make = (isNew?: unknown) => ({ client, key, store: createRunStore<W>(client, options), isNew })
  let [held, hold] = useState(make)
  if (held.client !== client || held.key !== key) {
    // React renders again at once, with this store. If the component makes the client, that rendering has another one.
    if (held.isNew) throw new ArgumentError('client: make it outside the component')
    held = make(true)
    hold(held)
  } else held.isNew = false
  const { subscribe, getSnapshot, getServerSnapshot, start, cancel, reset } = held.store
  const snapshot = useSyncExternalStore(subscribe, getSnapshot, getServerSnapshot)
  return { ...snapshot, start, cancel, reset }
}
