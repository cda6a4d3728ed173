import { OPERATIONS } from './operations.ts'
import { FAULT_KINDS } from './table.ts'
import type { FaultOptions } from './types.ts'

const KNOWN = ['seed', 'chance', 'kinds', 'operations', 'plan', 'onFault']

export function checkFaults(faults: FaultOptions): void {
  if (typeof faults !== 'object' || faults === null || Array.isArray(faults)) {
    throw new TypeError(`createEmulator: option "faults" must be an object, got ${String(faults)}`)
  }
  for (const name of Object.keys(faults)) {
    if (KNOWN.includes(name)) continue
    throw new TypeError(
      `createEmulator: unknown option "faults.${name}"; the known options are ${KNOWN.join(', ')}`,
    )
  }
  const { seed = 1, chance = 0, kinds = FAULT_KINDS, operations = OPERATIONS } = faults
  expect(Number.isFinite(seed), 'seed', 'a finite number', seed)
  expect(typeof chance === 'number' && chance >= 0 && chance <= 1, 'chance', 'a number from 0 to 1', chance)
  expectSome(kinds, FAULT_KINDS, 'kinds')
  expectSome(operations, OPERATIONS, 'operations')
  for (const name of ['plan', 'onFault'] as const) {
    const given = faults[name]
    expect(given === undefined || typeof given === 'function', name, 'a function', given)
  }
}

function expectSome(given: unknown, known: readonly string[], name: string): void {
  expect(Array.isArray(given) && given.length > 0, name, 'an array that is not empty', given)
  for (const word of given as unknown[]) {
    expect(known.includes(word as string), name, `an array of ${known.join(', ')}`, word)
  }
}

function expect(ok: boolean, name: string, what: string, got: unknown): void {
  if (!ok) throw new TypeError(`createEmulator: option "faults.${name}" must be ${what}, got ${String(got)}`)
}
