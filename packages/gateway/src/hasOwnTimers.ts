/** Whether work can go on without a request. On Workers it ends with the request that began it. */
export function hasOwnTimers(): boolean {
  return globalThis.navigator?.userAgent !== 'Cloudflare-Workers'
}
