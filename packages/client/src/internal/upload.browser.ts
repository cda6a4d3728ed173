import type { Fetch } from '../types.ts'

/** As `upload.ts`, but without the code that bundles of pages and Workers don't need. */
export function upload(
  form: FormData | ReadableStream<Uint8Array>,
  fetch: Fetch,
  url: string,
  init: RequestInit,
): Promise<Response> {
  return fetch(url, { ...init, redirect: 'manual', body: form })
}
