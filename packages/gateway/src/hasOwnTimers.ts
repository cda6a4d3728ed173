/** Whether work may go on beside requests. On Workers it ends with the request that began it. */
export function hasOwnTimers(): boolean {
  return globalThis.navigator?.userAgent !== 'Cloudflare-Workers'
}
