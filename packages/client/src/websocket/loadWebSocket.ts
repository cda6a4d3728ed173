import type { WebSocketClass } from './types.ts'

/** Optional peers, loaded only here, by a name that no minifier can work out: so no bundler looks for them. */
export async function loadWebSocket(): Promise<WebSocketClass | undefined> {
  const name = `${globalThis.WebSocket ?? 'isomorphic-ws'}`
  try {
    return (await import(/* webpackIgnore: true */ /* @vite-ignore */ name)).default
  } catch {
    return undefined
  }
}
