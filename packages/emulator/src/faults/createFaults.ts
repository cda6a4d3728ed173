import { checkOption, checkOptions, optional, type Rules, rules } from '../../../gateway/src/internal.ts'
import { createRandom } from '../seed.ts'
import { FAULT_OPERATIONS, type FaultCall, type FaultOperation } from './fault.ts'
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
  /** The fault that a socket or a webhook is to play, if any. It counts as played. */
  choose(operation: 'connect' | 'message' | 'webhook', target: string): FaultKind | undefined
  /** Breaks off the answers that hang. */
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

const OPTIONS: Rules<FaultOptions> = {
  seed: optional(rules.finite),
  chance: optional(rules.number(0, 1)),
  kinds: optional(rules.filledArray),
  operations: optional(rules.filledArray),
  plan: optional(rules.callback),
  onFault: optional(rules.callback),
}

export function checkFaults(faults: FaultOptions): void {
  checkOptions('createEmulator', faults, OPTIONS, 'faults')
  for (const [name, known] of Object.entries({ kinds: FAULT_KINDS, operations: FAULT_OPERATIONS })) {
    for (const [index, word] of (faults[name as 'kinds' | 'operations'] ?? []).entries()) {
      checkOption('createEmulator', word, rules.oneOf(known), `faults.${name}[${index}]`)
    }
  }
}
