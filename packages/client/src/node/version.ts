/** The version of a file, and its length. */
export interface Version {
  /** `undefined`: the server does not send it, or compresses the file. */
  readonly length: number | undefined
  /** For `If-Range`. `undefined`: nothing would prove that the rest has the same version. */
  readonly validator: string | undefined
}

/** The version of the file in an answer. */
export function versionOf({ headers }: Response): Version {
  const told = headers.get('content-length')
  const length = told && !headers.get('content-encoding') ? Number(told) : undefined
  return { length, validator: length === undefined ? undefined : validatorOf(headers) }
}

function validatorOf(headers: Headers): string | undefined {
  const etag = headers.get('etag')
  if (etag?.startsWith('"')) return etag
  const modified = headers.get('last-modified')
  // Two versions of the same second have the same date (RFC 9110, 8.8.2.2).
  const isOld = Date.parse(headers.get('date')!) - Date.parse(modified!) >= 1000
  return isOld ? modified! : undefined
}

/** Whether a 206 has the rest from `start` on, in the same version. */
export function isRest({ headers }: Response, { length, validator }: Version, start: number): boolean {
  const [, from, total] = /^bytes (\d+)-\d+\/(\d+)$/.exec(headers.get('content-range') ?? '') ?? []
  // Some servers with ranges ignore `If-Range`. RFC 9110 requires the ETag in this answer; the date may be missing.
  const isSame = validator?.startsWith('"')
    ? headers.get('etag') === validator
    : [null, validator].includes(headers.get('last-modified'))
  return Number(from) === start && Number(total) === length && isSame
}
