/** Refuses keys of a sidecar that nothing reads, such as misspelt ones. */
export function refuseUnknown(where: string, entry: Record<string, unknown>, known: readonly string[]): void {
  for (const key of Object.keys(entry)) {
    if (known.includes(key)) continue
    throw new Error(`${where}: unknown key ${JSON.stringify(key)}. Known keys are ${known.join(', ')}`)
  }
}
