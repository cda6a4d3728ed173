import type * as Lib from '@flowscale/client'
import type * as EventsLib from '@flowscale/client/events'
import type * as LoggerLib from '@flowscale/client/logger'
import type * as PollerLib from '@flowscale/client/poller'
import type * as ProxyLib from '@flowscale/client/proxy'
import type * as StoreLib from '@flowscale/client/store'
import type * as TypedLib from '@flowscale/client/typed'
import type * as WebhookLib from '@flowscale/client/webhook'
import type * as SocketLib from '@flowscale/client/websocket'
import type * as ClassLib from 'flowscale'

export type Dialect = 'readme' | 'openapi' | 'python'
export const dialects: readonly Dialect[] = ['readme', 'openapi', 'python']

/** How a scripted server answers one request. */
export interface Step {
  /** Default 200. */
  status?: number
  headers?: Record<string, string>
  body?: string
  /** Answers never, or not to the end. */
  stall?: 'headers' | 'body'
  /** Resets the connection without an answer. */
  reset?: true
}

/** What a scripted server was asked. */
export interface Seen {
  method: string
  path: string
  headers: Record<string, string>
  /** Of the body. */
  bytes: number
  /** The first 8 KB of the body, a character for each byte. */
  text: string
}

/** Servers beside that of the case. */
export interface Lab {
  /** Answers each request with the next step, and with the last one again and again. */
  script(steps: readonly Step[]): Promise<{ url: string; seen(): Promise<Seen[]> }>
  /** An emulator whose WebSocket has faults. */
  emulator(socket: Record<string, unknown>): Promise<{ baseUrl: string; apiKey: string }>
  /** Where nobody listens. */
  closed(): Promise<string>
}

/** What a case may need that not every runtime, transport or server has; `lab`: servers that play faults. */
export type Need = 'lab' | 'HTTP' | 'WebSocket' | 'File' | 'Request.body' | 'crypto' | 'arrays' | 'keys'

/** What a case gets from its runner: the packages, and a server of one dialect. */
export interface Given {
  lib: typeof Lib &
    typeof PollerLib &
    typeof SocketLib &
    typeof LoggerLib &
    typeof ProxyLib &
    typeof TypedLib &
    typeof EventsLib &
    typeof StoreLib &
    typeof WebhookLib
  /** Of the package `flowscale`. */
  FlowscaleAPI: typeof ClassLib.FlowscaleAPI
  /** Another copy of the client, as two dependencies of an app may bring along. */
  copy: typeof Lib
  dialect: Dialect
  /** Options of a client for that server. */
  options: {
    baseUrl: string
    apiKey: string
    allowDangerouslyExposeApiKey?: boolean
    fetch?: Lib.Fetch
  }
  /** How many the server has. */
  containers: number
  lab: Lab
  /** A small PNG. */
  png: Uint8Array<ArrayBuffer>
}

export interface Context extends Given {
  /** Made of the options. */
  client: Lib.Client
}

export interface Limits {
  /** Default: all. What the wire document says is absent in a dialect has a case that expects the refusal. */
  dialects?: readonly Dialect[]
  needs?: readonly Need[]
}

export interface Case extends Limits {
  /** The function that the case is about. */
  operation: string
  name: string
  run(given: Given): Promise<void>
}

type Run = (context: Context) => Promise<void>

/** A case; its limits, if it has some, stand before what it does. */
export function one(operation: string, name: string, ...rest: [Run] | [Limits, Run]): Case {
  const [run, limits] = rest.length === 1 ? rest : ([rest[1], rest[0]] as const)
  return {
    ...{ operation, name, ...limits },
    run: (given) => run({ ...given, client: given.lib.createClient(given.options) }),
  }
}
