/** workerd (Cloudflare Workers), whatever its compatibility date. */
export const isWorkerd = (): boolean => 'WebSocketPair' in globalThis

/** Where fetch has nothing to gain from `redirect: 'error'`. */
export const isPageOrWorker = (): boolean => !!isBrowser() || isWorkerd()

/** A page, or a worker of one: where visitors can read what we send. */
export function isBrowser(): unknown {
  const { window, document, WorkerGlobalScope, Deno, Bun, WebSocketPair } = globalThis as unknown as Partial<
    Record<string, unknown>
  >
  return (window && document) || (WorkerGlobalScope && !(Deno || Bun || WebSocketPair))
}
