import type { WebSocketClass } from './types.ts'

/** Optional peers, loaded only here: the specifier is in a variable, so that no bundler looks for them. */
export async function loadWebSocket(): Promise<WebSocketClass | undefined> {
  const name = 'isomorphic-ws'
  try {
    return (await import(/* webpackIgnore: true */ /* @vite-ignore */ name)).default
  } catch {
    return undefined
  }
}
