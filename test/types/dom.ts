// Compiled, never run: what needs the DOM or a library, and so is compiled here only.
import type { Client, DownloadResponse, Run } from '@flowscale/client'
import { createRunStore, runOptions } from '@flowscale/client/store'
import { QueryClient, QueryObserver, type QueryObserverOptions } from '@tanstack/query-core'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
declare const same: <_ extends true>() => void

export async function read({ body }: DownloadResponse): Promise<void> {
  const { value } = await body.getReader().read()
  same<Same<typeof value, Uint8Array<ArrayBuffer> | undefined>>()
}

export const storage = (client: Client) => createRunStore(client, { storage: globalThis.localStorage })

export function query(client: Client): void {
  const observer = new QueryObserver(new QueryClient(), runOptions(client, 'r'))
  same<Same<ReturnType<typeof observer.getCurrentResult>['data'], Run | undefined>>()
  const more = {
    ...runOptions(client, 'r'),
    enabled: true,
    select: (run: Run) => run.status,
    staleTime: 1000,
  }
  const selected = new QueryObserver(new QueryClient(), more)
  same<Same<ReturnType<typeof selected.getCurrentResult>['data'], Run['status'] | undefined>>()
  const given: QueryObserverOptions<Run, Error, Run, Run, readonly ['flowscale', string, 'run', string]> =
    runOptions(client, 'r')
  console.log(given.queryKey)
}

export function queryError(client: Client): void {
  const observer = new QueryObserver(new QueryClient(), runOptions(client, 'r'))
  same<Same<ReturnType<typeof observer.getCurrentResult>['error'], Error | null>>()
}
