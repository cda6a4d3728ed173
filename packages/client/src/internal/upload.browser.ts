import type { Fetch } from '../types.ts'
import type { FormPart } from './upload.ts'

// The same functions as in `upload.ts`, without the code for Node, which bundles for pages and Workers don't need.

export const send = (fetch: Fetch, url: string, init: RequestInit): Promise<Response> => fetch(url, init)

export const upload = (
  parts: readonly FormPart[],
  toForm: (parts: readonly FormPart[]) => FormData,
  fetch: Fetch,
  url: string,
  init: RequestInit,
): Promise<Response> => fetch(url, { ...init, body: toForm(parts) })
