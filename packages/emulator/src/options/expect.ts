export function isObject<T>(value: T): value is Extract<T, object> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function refuseUnknown(value: object, known: readonly string[], where: string): void {
  for (const name of Object.keys(value)) {
    if (known.includes(name)) continue
    throw new TypeError(`${where}.${name} is unknown; the known names are ${known.join(', ')}`)
  }
}

/** A `TypeError` that says where, unless it is as it must be. */
export function expect(ok: boolean, where: string, what: string): void {
  if (!ok) throw new TypeError(`${where} must be ${what}`)
}
