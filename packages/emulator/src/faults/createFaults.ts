import { createRandom } from '../seed.ts'
import { type FaultCall, type FaultOperation, OPERATIONS } from './fault.ts'
import { FAULT_KINDS, type FaultKind, type FaultOptions, type FaultRequest, faultTable } from './table.ts'

/** How many targets are counted; the oldest is forgotten first. */
const MOST_TARGETS = 100_000

/** The faults of one emulator. */
export interface Faults {
  /** Answers a request by a fault, or truly. */
  play(
    operation: FaultOperation,
    target: string,
    call: Omit<FaultCall, 'operation' | 'onClose'>,
  ): Promise<Response>
  /** The fault that a socket is to play, if any. It counts as played. */
  choose(operation: 'connect' | 'message', target: string): FaultKind | undefined
  /** Breaks off what hangs. */
  close(): void
}

/** `options` are read at each use; `count` is called at each fault. */
export function createFaults(
  options: FaultOptions | undefined,
  seed: number,
  count: (kind: FaultKind) => void,
): Faults {
  const attempts = new Map<string, number>()
  const numbers = new Map<FaultOperation, number>()
  const hanging = new Set<() => void>()

  function ask(operation: FaultOperation, target: string): FaultRequest {
    const key = `${operation} ${target}`
    const attempt = (attempts.get(key) ?? 0) + 1
    const number = (numbers.get(operation) ?? 0) + 1
    attempts.set(key, attempt)
    numbers.set(operation, number)
    if (attempts.size > MOST_TARGETS) attempts.delete(attempts.keys().next().value!)
    return { operation, attempt, number, target }
  }

  function pick(request: FaultRequest): FaultKind | undefined {
    const { plan, kinds = FAULT_KINDS, operations } = options!
    const { chance = plan ? 0 : 0.1 } = options!
    const { operation, attempt, target } = request
    const fits = (kind: FaultKind): boolean => faultTable[kind]?.operations.includes(operation) ?? false
    const planned = plan?.(request)
    if (planned !== undefined) {
      if (fits(planned)) return planned
      throw new TypeError(`"faults.plan" gave ${String(planned)}, which is no fault of ${operation}`)
    }
    if (chance === 0 || (operations && !operations.includes(operation))) return undefined
    // Seeded by target and attempt, not by the order of requests, which differs from run to run.
    const random = createRandom(`${options!.seed ?? seed}/${operation} ${target}/${attempt}`)
    if (random() >= chance) return undefined
    const fitting = kinds.filter(fits)
    return fitting[Math.floor(random() * fitting.length)]
  }

  function played(kind: FaultKind, request: FaultRequest): void {
    count(kind)
    options!.onFault?.(kind, request)
  }

  function onClose(end: () => void): () => void {
    hanging.add(end)
    return () => void hanging.delete(end)
  }

  return {
    async play(operation, target, call) {
      if (!options) return await call.perform()
      const request = ask(operation, target)
      const kind = pick(request)
      if (!kind) return await call.perform()
      let answer: Promise<Response> | undefined
      const perform = (): Promise<Response> => (answer ??= call.perform())
      const { isMute, play } = faultTable[kind]
      if (isMute) played(kind, request)
      const spoiled = await play!({ ...call, perform, operation, onClose })
      if (spoiled) played(kind, request)
      return spoiled ?? (await perform())
    },
    choose(operation, target) {
      if (!options) return undefined
      const request = ask(operation, target)
      const kind = pick(request)
      if (kind) played(kind, request)
      return kind
    },
    close() {
      for (const end of [...hanging]) end()
      hanging.clear()
    },
  }
}

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
