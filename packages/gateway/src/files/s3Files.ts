// The files of runs in any S3.
import { AwsV4Signer } from 'aws4fetch'
import { EngineError } from '../engine.ts'
import { contentTypeOf } from '../mediaTypes.ts'
import { checkOptions, must, optional, type Rules } from '../options.ts'
import * as rules from '../rules.ts'
import { forEach, lazyStream, sleep } from '../runtime.ts'
import { answerFile, EARLY_MS, type FileStore } from './fileStore.ts'

/** Options of {@link s3Files}. */
export interface S3Options {
  /** `s3://bucket/prefix`. No other queue may have its files there: each removes files whose run it does not know */
  url: string
  /** The address of an S3 that is not that of AWS, such as `https://ACCOUNT.r2.cloudflarestorage.com` */
  endpoint?: string | undefined
  /** Default: what the endpoint says, or else `us-east-1` */
  region?: string | undefined
  accessKeyId: string
  secretAccessKey: string
  /** Needed with temporary keys */
  sessionToken?: string | undefined
  /** Answers download links by a redirect to S3. Default: false, files go through the gateway */
  redirectLinks?: boolean | undefined
}

const URL_FORM = /^s3:\/\/(\w[\w.-]{2,62})\/?((?:\w[\w.-]*\/)*(?:\w[\w.-]*)?)$/

const OPTIONS: Rules<S3Options> = {
  url: must('"s3://bucket" or "s3://bucket/prefix"', (value) => URL_FORM.test(String(value))),
  endpoint: optional(
    must(
      'an http(s) address such as "https://s3.example.com", without "?" or "#"',
      (value) => /^https?:\/\/[^?#@\s]+$/.test(String(value)) && URL.canParse(String(value)),
    ),
  ),
  region: optional(rules.filledText),
  accessKeyId: rules.filledText,
  secretAccessKey: rules.filledText,
  sessionToken: optional(rules.filledText),
  redirectLinks: optional(rules.flag),
}

/** The size of a part. An upload holds a part twice: `fetch` copies it. S3 takes 10,000 parts. */
const PART_BYTES = 8 * 1024 * 1024
const TRIES = 4
const AGAIN_MS = 200
/** The time limit of a request, except one that reads a file. */
const GIVE_UP_MS = 120_000
const LINK_TTL_S = 900

interface Sent {
  readonly query?: string
  readonly headers?: Record<string, string>
  readonly body?: BodyInit
  readonly signal?: AbortSignal
}

/**
 * The files of runs in any S3, for the option `files` of a queue.
 *
 * @throws `TypeError` for an unknown or wrong option.
 */
export function s3Files(options: S3Options): FileStore {
  checkOptions('s3Files', options, OPTIONS)
  const { region, accessKeyId, secretAccessKey, sessionToken, redirectLinks } = options
  const { endpoint = `https://s3.${region ?? 'us-east-1'}.amazonaws.com` } = options
  const [, bucketName, folder = ''] = URL_FORM.exec(options.url)!
  // The bucket is in the path, since not every S3 has a host for each bucket.
  const bucket = `${endpoint.replace(/\/+$/, '')}/${bucketName}`
  const prefix = folder.replace(/\/?$/, folder && '/')
  const keyOf = (...names: string[]): string => prefix + names.map(encode).join('/')
  const signing = { service: 's3', accessKeyId, secretAccessKey, cache: new Map() }

  function signer(method: string, key: string, query = '', headers = {}, signQuery = false): AwsV4Signer {
    const url = `${bucket}/${key.split('/').map(encodeURIComponent).join('/')}${query}`
    const optional = { ...(region && { region }), ...(sessionToken && { sessionToken }) }
    return new AwsV4Signer({ ...signing, ...optional, method, url, headers, signQuery })
  }

  /** Sends a request, again if S3 is away for a moment, but a POST once. Only a missing file is answered with 404. */
  async function send(method: string, key: string, { query, headers, body, signal }: Sent = {}) {
    for (let tries = method === 'POST' ? 1 : TRIES; ; tries--) {
      let problem: string
      let cause: unknown
      let isAway = true
      try {
        const signed = await signer(method, key, query, headers).sign()
        // Not signed, since a proxy may change it.
        signed.headers.set('accept-encoding', 'identity')
        const response = await fetch(signed.url, {
          method,
          headers: signed.headers,
          redirect: 'manual',
          signal: signal ?? AbortSignal.timeout(GIVE_UP_MS),
          ...(body !== undefined && { body }),
        })
        const { ok, status } = response
        if (ok || (status === 404 && /HEAD|DELETE/.test(method))) return response
        isAway = status >= 500 || status === 429
        // Show nothing else of the answer, which may repeat a key.
        const code = /<Code>(\w+)<\/Code>/.exec(await response.text())?.[1] ?? ''
        problem = `it answers ${method} with ${`${status} ${code}`.trim()}`
      } catch (error) {
        signal?.throwIfAborted()
        const { name, message, cause: why } = error as Error
        problem = `it does not answer ${method} (${Object(why).code ?? message})`
        cause = error
        isAway = name !== 'TimeoutError'
      }
      if (!isAway || tries === 1) throw failure(problem, cause)
      await sleep(AGAIN_MS * 2 ** (TRIES - tries) * (0.5 + Math.random()))
    }
  }

  /** The files below a prefix, a page at a time. */
  async function* list(below: string): AsyncGenerator<{ key: string; modifiedAt: number }[]> {
    for (let token: string | undefined; token !== ''; ) {
      const query = new URLSearchParams({ 'list-type': '2', prefix: below })
      if (token !== undefined) query.set('continuation-token', token)
      const answer = await (await send('GET', '', { query: `?${query}` })).text()
      // Otherwise a page of another server would count as an empty list.
      if (!answer.includes('<ListBucketResult')) throw failure('it answers GET without a list of files')
      yield answer
        .split('<Contents>')
        .slice(1)
        .map((file) => ({
          key: fieldOf(file, 'Key'),
          modifiedAt: Date.parse(fieldOf(file, 'LastModified')),
        }))
      token = fieldOf(answer, 'NextContinuationToken')
    }
  }

  return {
    async place() {
      // These requests need most of the rights that the keys must have.
      const key = `${prefix}flowscale.txt`
      const body = 'The files of runs of a FlowScale gateway.\n'
      etagOf(await send('PUT', key, { body }))
      if ((await (await send('GET', key)).text()) !== body)
        throw failure('it gives back another file than it was given')
      await list(key).next()
      return `${bucket}/${prefix}`
    },
    async put(kind, runId, name, body) {
      const key = keyOf(kind, runId, name)
      const headers = { 'content-type': contentTypeOf(name) }
      const etags: string[] = []
      let upload = ''
      try {
        for await (const { bytes, isLast } of partsOf(body)) {
          if (isLast && !upload) return void etagOf(await send('PUT', key, { headers, body: bytes }))
          if (!upload) {
            const begun = await send('POST', key, { query: '?uploads=', headers })
            upload = `uploadId=${encodeURIComponent(fieldOf(await begun.text(), 'UploadId'))}`
          }
          const query = `?partNumber=${etags.length + 1}&${upload}`
          etags.push(etagOf(await send('PUT', key, { query, body: bytes })))
        }
        const parts = etags.map(
          (etag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${etag}</ETag></Part>`,
        )
        const list = `<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`
        const answer = await (await send('POST', key, { query: `?${upload}`, body: list })).text()
        // S3 sends a 200 before it knows whether the parts can be joined.
        if (!answer.includes('<CompleteMultipartUploadResult')) throw failure('it could not join the parts')
      } catch (error) {
        if (upload) await send('DELETE', key, { query: `?${upload}` }).catch(() => {})
        throw error
      }
    },
    async open(kind, runId, name, asked) {
      const key = keyOf(kind, runId, name)
      // S3s differ in their answers to ranges and versions, so `answerFile` makes the answer.
      const found = await send('HEAD', key)
      if (found.status === 404) {
        // The bucket may be gone as well: then this throws.
        await list(key).next()
        return undefined
      }
      const { headers } = found
      const file = {
        name,
        size: Number(headers.get('content-length')),
        etag: etagOf(found),
        modifiedAt: Date.parse(headers.get('last-modified') ?? ''),
        read: (start: number, end: number) =>
          readLater((signal) =>
            send('GET', key, { headers: { range: `bytes=${start}-${end - 1}` }, signal }),
          ),
      }
      const response = answerFile(file, asked)
      if (redirectLinks && kind === 'out' && response.ok) {
        const link = await signer('GET', key, `?X-Amz-Expires=${LINK_TTL_S}`, {}, true).sign()
        response.headers.set('location', link.url.href)
      }
      return response
    },
    async removeInputs(runId) {
      for await (const files of list(`${keyOf('in', runId)}/`))
        await forEach(files, ({ key }) => send('DELETE', key))
    },
    async sweep(keeps) {
      for (const kind of ['in', 'out'] as const) {
        for await (const files of list(`${keyOf(kind)}/`)) {
          await forEach(files, async ({ key, modifiedAt }) => {
            const [runId = ''] = key.slice(keyOf(kind).length + 1).split('/')
            if (Date.now() - modifiedAt < EARLY_MS || (await keeps(kind, decodeURIComponent(runId)))) return
            await send('DELETE', key)
          })
        }
      }
    },
  }
}

const failure = (problem: string, cause?: unknown): EngineError =>
  new EngineError(503, `The S3 of the gateway can't be used just now: ${problem}`, { retryAfterS: 5, cause })

/** Encodes a name in characters that every S3 lists unchanged, and the name `..`, which no URL can have. */
const encode = (name: string): string =>
  encodeURIComponent(name).replace(/[!'()*]|^\.+$/g, (signs) =>
    [...signs].map((sign) => `%${sign.charCodeAt(0).toString(16)}`).join(''),
  )

/** The ETag, which every S3 gives for a file, but no page of a proxy in front of it. */
function etagOf({ headers }: Response): string {
  const etag = headers.get('etag')
  if (etag === null) throw failure('it answers without an ETag')
  return etag
}

const fieldOf = (xml: string, name: string): string =>
  new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1] ?? ''

/** Cuts the bytes into parts of one size and a last part. Each part is overwritten by the next one. */
async function* partsOf(
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<{ bytes: Uint8Array<ArrayBuffer>; isLast: boolean }> {
  const bytes = new Uint8Array(PART_BYTES)
  let size = 0
  for await (let chunk of body) {
    while (size + chunk.byteLength > PART_BYTES) {
      bytes.set(chunk.subarray(0, PART_BYTES - size), size)
      chunk = chunk.subarray(PART_BYTES - size)
      size = 0
      yield { bytes, isLast: false }
    }
    bytes.set(chunk, size)
    size += chunk.byteLength
  }
  yield { bytes: bytes.subarray(0, size), isLast: true }
}

/** A body whose request is sent at the first read: after a redirect or a `HEAD`, nobody reads. */
function readLater(ask: (signal: AbortSignal) => Promise<Response>): ReadableStream<Uint8Array> {
  const aborter = new AbortController()
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined
  const cancel = (reason: unknown): void => aborter.abort(reason)
  return lazyStream(async (controller) => {
    reader ??= (await ask(aborter.signal)).body!.getReader()
    const { done, value } = await reader.read()
    if (done) controller.close()
    else controller.enqueue(value)
  }, cancel)
}
