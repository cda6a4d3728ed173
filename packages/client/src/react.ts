import { useState, useSyncExternalStore } from 'react'
import { getOutput } from './api/getOutput.ts'
import { ArgumentError } from './errors.ts'
import { createRunStore } from './store/createRunStore.ts'
import type { RunSnapshot, RunStore, RunStoreOptions, StoredWorkflow } from './store/types.ts'
import type { Client, ResultOutput } from './types.ts'

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
    // React renders again at once, with this store. A component that makes its own client has yet another client then.
    if (held.isNew) throw new ArgumentError('client: make it outside the component')
    held = make(true)
    hold(held)
  } else held.isNew = false
  const { subscribe, getSnapshot, getServerSnapshot, start, cancel, reset } = held.store
  const snapshot = useSyncExternalStore(subscribe, getSnapshot, getServerSnapshot)
  return { ...snapshot, start, cancel, reset }
}

/** For an element that shows an output: `<img {...useOutputUrl(client, output)} alt="" />`. */
export interface OutputProps {
  /** The link, or `undefined`. */
  readonly src: string | undefined
  /** Requests a fresh link, at most once a minute, because a broken file fails with every link. */
  readonly onError: () => void
}

/** The last request for a fresh link. */
interface Last {
  /** The link that came with the output. `src` replaces it. */
  readonly given?: string | undefined
  readonly src?: string | undefined
  /** When the fresh link was requested, by `Date.now()`, in ms. */
  readonly at: number
}

/**
 * Gives the link of an output, for an `img`, `video` or `audio`. If the link has expired, the element's `onError` requests
 * a fresh one.
 *
 * @throws nothing: if there is no fresh link, the old one stays.
 *
 * @example
 * ```tsx
 * function Picture({ output }: { output: ResultOutput }) {
 *   return <img {...useOutputUrl(client, output)} alt="a red fox" />
 * }
 * ```
 */
export function useOutputUrl(
  client: Client,
  output: Pick<ResultOutput, 'filename' | 'download_url'> | undefined,
): OutputProps {
  const given = output?.download_url ?? undefined
  const [last, show] = useState<Last>({ at: 0 })
  const src = last.given === given ? last.src : given
  return {
    src,
    onError() {
      const at = Date.now()
      if (!given || (last.given === given && at < last.at + 60_000)) return
      const next = { given, src, at }
      // The object is changed at once, because a second error may come before the next rendering.
      Object.assign(last, next)
      getOutput(client, output!.filename).then(
        // The component may show another output meanwhile.
        (answer) => last.given === given && show({ ...next, src: answer?.data.download_url ?? src }),
        Object,
      )
    },
  }
}
