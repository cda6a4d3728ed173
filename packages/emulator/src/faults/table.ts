import { type BodyFault, bodyFaults, type StateFault, stateFaults } from './body.ts'
import { type ConnectionFault, connectionFaults } from './connection.ts'
import type { Fault, FaultOperation } from './fault.ts'
import { type RedirectFault, redirectFaults, type StatusFault, statusFaults } from './status.ts'

/** A kind of fault. The README says what each does. */
export type FaultKind =
  | ConnectionFault
  | StatusFault
  | BodyFault
  | RedirectFault
  | StateFault
  | SocketFault
  | WebhookFault

/** What a plan decides about. */
export interface FaultRequest {
  readonly operation: FaultOperation
  /** The number of this request among the requests for the same target, from 1: retries and polls count. */
  readonly attempt: number
  /** The number of this request among the requests for the same operation, from 1 */
  readonly number: number
  /** Path and query as they came in. For a file: only the path. For a message or a webhook: the run's id */
  readonly target: string
}

/** The option `faults` of `createEmulator`. */
export interface FaultOptions {
  /** Seed of the random choices. Default: the emulator's seed */
  seed?: number | undefined
  /** How often a request meets a fault, from 0 to 1. Default: 0.1, and 0 with a plan */
  chance?: number | undefined
  /** The kinds that chance chooses from. Default: all */
  kinds?: readonly FaultKind[] | undefined
  /** The operations that chance meets. Default: all */
  operations?: readonly FaultOperation[] | undefined
  /** Decides before chance does. If it returns nothing, chance decides */
  plan?: ((request: FaultRequest) => FaultKind | undefined) | undefined
  /** Called at each fault */
  onFault?: ((kind: FaultKind, request: FaultRequest) => void) | undefined
}

type SocketFault =
  | 'socket-silent'
  | 'socket-closed'
  | 'frame-duplicate'
  | 'frame-late'
  | 'frame-reordered'
  | 'frame-malformed'
  | 'frame-giant'

const socketFaults: Record<SocketFault, Fault> = {
  'socket-silent': {
    text: 'the connection opens and stays open, and nothing comes, not even a pong',
    operations: ['connect'],
  },
  'socket-closed': { text: 'the connection opens and is closed at once (1011)', operations: ['connect'] },
  'frame-duplicate': { text: 'the message comes twice', operations: ['message'] },
  'frame-late': { text: 'the message comes a second later', operations: ['message'] },
  'frame-reordered': {
    text: 'the message comes after the next one, or after a second where there is none',
    operations: ['message'],
  },
  'frame-malformed': { text: 'half of the JSON comes', operations: ['message'] },
  'frame-giant': { text: 'the message comes with 1 MiB of padding', operations: ['message'] },
}

type WebhookFault = 'webhook-late' | 'webhook-duplicate' | 'webhook-reordered' | 'webhook-forged'

const webhookFaults: Record<WebhookFault, Fault> = {
  'webhook-late': { text: 'the webhook comes a second later', operations: ['webhook'] },
  'webhook-duplicate': {
    text: 'the webhook comes twice, with the same `webhook-id`',
    operations: ['webhook'],
  },
  'webhook-reordered': {
    text: 'the webhook comes after the next one, or after a second where there is none',
    operations: ['webhook'],
  },
  'webhook-forged': { text: 'the webhook is signed with another secret', operations: ['webhook'] },
}

/**
 * Every kind of fault: what it does, where it fits, how it is played. Chance chooses by the order of the kinds, so any other
 * order gives other faults for the same seed.
 */
export const faultTable: Readonly<Record<FaultKind, Fault>> = {
  ...connectionFaults,
  ...statusFaults,
  ...bodyFaults,
  ...redirectFaults,
  ...stateFaults,
  ...socketFaults,
  ...webhookFaults,
}

export const FAULT_KINDS: readonly FaultKind[] = Object.keys(faultTable) as FaultKind[]

/** The faults for people: the list of the README and of the command line. */
export function describeFaults(): readonly { kind: FaultKind; text: string }[] {
  return FAULT_KINDS.map((kind) => ({ kind, text: faultTable[kind].text }))
}
