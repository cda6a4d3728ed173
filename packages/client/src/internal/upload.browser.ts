import type { Fetch } from '../types.ts'

/** As `upload.ts`, for bundles of pages and Workers, which need nothing of it. */
export function upload(
  form: FormData | ReadableStream<Uint8Array>,
  fetch: Fetch,
  url: string,
  init: RequestInit,
): Promise<Response> {
  return fetch(url, { ...init, redirect: 'manual', body: form })
}
