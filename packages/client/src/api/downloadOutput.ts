import { ArgumentError, HttpError, ResponseError } from '../errors.ts'
import { check, checkOptions, isId, requestRules } from '../internal/options.ts'
import { addressOf, request } from '../internal/request.ts'
import { hide, reveal } from '../internal/secrets.ts'
import type { Client, Fetch, RequestOptions } from '../types.ts'
import { getOutput } from './getOutput.ts'

/** The output to download: a filename, a `download_url`, or an object that holds one of them. */
export type DownloadSource =
  | string
  | { readonly filename?: string; readonly download_url?: string | null; readonly url?: string | null }

/**
 * The response of {@link downloadOutput}. It always has a body, which also fits Node's functions that take a stream, with
 * or without the types of DOM.
 */
export interface DownloadResponse extends Response {
  readonly body: NonNullable<Response['body']> & NodeStream
}

// biome-ignore-start lint/suspicious/noExplicitAny: the types of the platform come first
/** Members of a stream that Node's types require, and that DOM's types lack or declare in another way. */
interface NodeStream {
  [Symbol.asyncIterator](options?: any): AsyncIterableIterator<Uint8Array>
  values(options?: any): any
  getReader(options?: any): any
  pipeThrough(transform: any, options?: any): any
  tee(): any
}

// biome-ignore-end lint/suspicious/noExplicitAny: as above

/**
 * Downloads an output file and returns the `Response`, which you can stream or read. The storage with the file
 * gets no key and no custom headers. Redirects are followed. An expired link is renewed once if the filename is
 * known. `timeoutMs` ends with the headers; `signal` also aborts the body.
 *
 * @throws {@link ResponseError} if the output is not ready yet; {@link HttpError} (403: the link has
 * expired); {@link RunError}; {@link ArgumentError}; {@link NetworkError}; {@link TimeoutError};
 * {@link RedirectError}
 *
 * @example
 * ```ts
 * const response = await downloadOutput(client, 'filename_prefix_58358_5WWF7GQUYF.png')
 * const bytes = new Uint8Array(await response.arrayBuffer())
 * ```
 *
 * @example
 * ```ts
 * // On Node: to a file, with fs/promises.
 * const { body } = await downloadOutput(client, 'filename_prefix_58358_5WWF7GQUYF.png')
 * await writeFile('output.png', body)
 * ```
 */
export async function downloadOutput(
  client: Client,
  source: DownloadSource,
  options: RequestOptions = {},
): Promise<DownloadResponse> {
  return download(client, source, options)
}

/** Like {@link downloadOutput}, with `headers` for the storage that has the file. */
export async function download(
  client: Client,
  source: DownloadSource,
  options: RequestOptions,
  headers: Readonly<Record<string, string>> = {},
): Promise<DownloadResponse> {
  reveal(client)
  checkOptions(options, requestRules)
  const { filename, url } = readSource(source)
  const plain = { ...options, headers: undefined }
  // The headers of `init` are left out, because a redirect could send the key elsewhere. The caller's signal is added, because
  // it also aborts the body.
  const fetchFile = (fetch: Fetch, url: string, init: RequestInit) => {
    const signal = AbortSignal.any([options.signal ?? init.signal!, init.signal!])
    return fetch(url, { ...init, headers, redirect: 'follow', signal })
  }

  let link = url
  for (let renewed = false; ; renewed = true) {
    link ||= await getLink(client, filename!, options)
    try {
      const { href, origin, pathname, search, searchParams } = new URL(link)
      // `fetchFile` does not send these headers. They make `request` remove the parts of a signed link from errors, because a
      // server may repeat them there.
      const signs = [search.replace(/[?&]([^=&]*=)?/g, ' '), ...searchParams.values()].join(' ')
      const bare = hide({ ...client }, { ...reveal(client), headers: { signs } })
      const spec = { options: plain, url: origin + pathname, fetchWith: fetchFile }
      return (await request(bare, href, spec)) as unknown as DownloadResponse
    } catch (error) {
      // For an expired link S3 answers 403, and GCS 400.
      const expired = error instanceof HttpError && (error.status === 403 || error.status === 400)
      if (!expired || !filename || renewed) throw error
      link = undefined
    }
  }
}

/** The name of an output, its link, or both. Throws if `source` has neither. */
export function readSource(source: DownloadSource): {
  filename?: string | undefined
  url?: string | null | undefined
} {
  const given =
    typeof source !== 'string' ? source : /^https?:/i.test(source) ? { url: source } : { filename: source }
  const { filename, url, download_url = url } = (given ?? {}) as Exclude<DownloadSource, string>
  if (!download_url) {
    const what = 'a filename, an http(s) URL, or an output that holds one'
    check('source', filename, (value) => isId(value) === true || what)
  }
  if (download_url && !isHttp(download_url)) throw new ArgumentError('source must hold an http(s) URL')
  return { filename, url: download_url }
}

const isHttp = (link: string): boolean => /^https?:/i.test(link) && URL.canParse(link)

async function getLink(client: Client, filename: string, options: RequestOptions): Promise<string> {
  const output = await getOutput(client, filename, options)
  const link = output?.data.download_url
  if (link && isHttp(link)) return link
  throw new ResponseError(
    output
      ? `Output ${filename} has no http(s) download_url`
      : `Output ${filename} is not ready yet: use waitForOutput`,
    {
      method: 'GET',
      url: addressOf(client, '/api/v1/runs/output'),
      status: output ? 200 : 204,
      body: null,
      errors: [],
      requestId: null,
    },
  )
}
