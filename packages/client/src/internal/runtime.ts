/** workerd (Cloudflare Workers), whatever its compatibility date. */
export const isWorkerd = (): boolean => 'WebSocketPair' in globalThis

/** A page, or a worker of one: where visitors can read what we send. */
export const isBrowser = (): boolean =>
  ('window' in globalThis && 'document' in globalThis) ||
  ('WorkerGlobalScope' in globalThis && !('Deno' in globalThis || 'Bun' in globalThis || isWorkerd()))
