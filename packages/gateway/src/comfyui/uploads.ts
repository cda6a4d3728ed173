import type { Scalar, StoredFile, Submission } from '../engine.ts'

/** A file that was uploaded. Its name is its value in a graph. */
export interface Upload {
  readonly name: string
}

const nameOf = (value: Scalar | StoredFile): Scalar =>
  typeof value === 'object' ? (value as Upload).name : value

/** The values of a submission as a graph has them. */
export function valuesOf(given: Submission['values']): Record<string, Scalar | Scalar[]> {
  const entries = Object.entries<Submission['values'][string]>(given)
  return Object.fromEntries(
    entries.map(([name, value]) => [
      name,
      Array.isArray(value) ? value.map(nameOf) : nameOf(value as Scalar | StoredFile),
    ]),
  )
}
