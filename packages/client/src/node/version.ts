/** Of which version of a file the bytes are, and how many it has. */
export interface Version {
  /** `undefined`: the server does not say, or packed it. */
  readonly length: number | undefined
  /** For `If-Range`. `undefined`: nothing proves that a rest is of the same version. */
  readonly validator: string | undefined
}

/** What the answer says of the file that it begins. */
export function versionOf({ headers }: Response): Version {
  const told = headers.get('content-length')
  const length = told && !headers.get('content-encoding') ? Number(told) : undefined
  return { length, validator: length === undefined ? undefined : validatorOf(headers) }
}

function validatorOf(headers: Headers): string | undefined {
  const etag = headers.get('etag')
  if (etag?.startsWith('"')) return etag
  const modified = headers.get('last-modified')
  // By its seconds it tells no two versions of the same second apart (RFC 9110, 8.8.2.2).
  const isOld = Date.parse(headers.get('date')!) - Date.parse(modified!) >= 1000
  return isOld ? modified! : undefined
}

/** Whether a 206 is the rest from `start` on, of the same version. */
export function isRest({ headers }: Response, { length, validator }: Version, start: number): boolean {
  const [, from, total] = /^bytes (\d+)-\d+\/(\d+)$/.exec(headers.get('content-range') ?? '') ?? []
  // Not every server that has ranges knows `If-Range`. RFC 9110 wants the ETag in this answer; the date may be missing.
  const isSame = validator?.startsWith('"')
    ? headers.get('etag') === validator
    : [null, validator].includes(headers.get('last-modified'))
  return Number(from) === start && Number(total) === length && isSame
}
