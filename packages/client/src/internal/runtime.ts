/** Whether this is workerd (Cloudflare Workers), for any compatibility date. */
export const isWorkerd = (): boolean => 'WebSocketPair' in globalThis

/** Whether this is a page or its worker, where visitors can read our requests. */
export function isBrowser(): unknown {
  const { window, document, WorkerGlobalScope, Deno, Bun, WebSocketPair } = globalThis as unknown as Partial<
    Record<string, unknown>
  >
  return (window && document) || (WorkerGlobalScope && !(Deno || Bun || WebSocketPair))
}
