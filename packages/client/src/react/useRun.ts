import { useState, useSyncExternalStore } from 'react'
import { ArgumentError } from '../errors.ts'
import { createRunStore } from '../store/createRunStore.ts'
import type { RunSnapshot, RunStore, RunStoreOptions, StoredWorkflow } from '../store/types.ts'
import type { Client } from '../types.ts'

/** A run, and what can be done with it. Its functions are the same ones at each rendering. */
export type UsedRun<W extends StoredWorkflow = string> = RunSnapshot<W> &
  Pick<RunStore<W>, 'start' | 'cancel' | 'reset'>

/**
 * A run for a component: {@link createRunStore} as a hook. Another `client` or `key` is another run; other options are
 * those of the first rendering. Make the client, and a connection for `push`, outside the component, or with `useMemo`.
 *
 * For a workflow of `defineWorkflow` it is `useRun<typeof workflow>(client)`: the inputs are checked, and the outputs have names.
 * Components that show the same run take it from one `useRun`, by props or by a context.
 *
 * @throws {@link ArgumentError} (`ERR_FLOWSCALE_ARGUMENT`) for a wrong option, and for a client that is made anew at each
 * rendering. Errors of a run are in the snapshot.
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
    // React renders once more at once, with this store. By then a client that is made in the component is another one.
    if (held.isNew) throw new ArgumentError('client: make it outside the component')
    held = make(true)
    hold(held)
  } else held.isNew = false
  const { subscribe, getSnapshot, getServerSnapshot, start, cancel, reset } = held.store
  const snapshot = useSyncExternalStore(subscribe, getSnapshot, getServerSnapshot)
  return { ...snapshot, start, cancel, reset }
}
