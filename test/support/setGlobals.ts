const before: (readonly [string, PropertyDescriptor | undefined])[] = []

/** Sets globals, until `restoreGlobals` is called, which a suite does after each case. */
export function setGlobals(values: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(values)) {
    before.unshift([name, Object.getOwnPropertyDescriptor(globalThis, name)])
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true })
  }
}

export function restoreGlobals(): void {
  for (const [name, descriptor] of before.splice(0)) {
    Reflect.deleteProperty(globalThis, name)
    if (descriptor) Object.defineProperty(globalThis, name, descriptor)
  }
}

/** Sets globals for the time of `run`. */
export async function withGlobals<T>(values: Record<string, unknown>, run: () => T): Promise<Awaited<T>> {
  setGlobals(values)
  try {
    return await run()
  } finally {
    restoreGlobals()
  }
}
