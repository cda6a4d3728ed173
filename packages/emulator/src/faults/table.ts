import { bodyFaults } from './body.ts'
import { connectionFaults } from './connection.ts'
import type { Fault } from './fault.ts'
import { redirectFaults } from './redirect.ts'
import { socketFaults } from './socket.ts'
import { stateFaults } from './state.ts'
import { statusFaults } from './status.ts'
import { timeFaults } from './time.ts'
import type { FaultKind } from './types.ts'

/** Every kind of fault: what it does, where it fits, how it is played. */
export const faultTable: Readonly<Record<FaultKind, Fault>> = {
  ...connectionFaults,
  ...timeFaults,
  ...statusFaults,
  ...bodyFaults,
  ...redirectFaults,
  ...stateFaults,
  ...socketFaults,
}

export const FAULT_KINDS: readonly FaultKind[] = Object.keys(faultTable) as FaultKind[]

/** `kind — text` for people: the list of the README and of the command line. */
export function describeFaults(): readonly { kind: FaultKind; text: string }[] {
  return FAULT_KINDS.map((kind) => ({ kind, text: faultTable[kind].text }))
}
