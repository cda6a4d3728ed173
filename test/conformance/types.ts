import type * as Lib from '@flowscale/client'
import type * as PollerLib from '@flowscale/client/poller'

export type Dialect = 'readme' | 'openapi' | 'python'
export const dialects: readonly Dialect[] = ['readme', 'openapi', 'python']

/** What a case gets from its runner: the built packages, and a server of one dialect. */
export interface Context {
  lib: typeof Lib & typeof PollerLib
  dialect: Dialect
  /** Options of a client for that server. */
  options: { baseUrl: string; apiKey: string; fetch?: Lib.Fetch }
  /** A small PNG. */
  png: Uint8Array
}

export interface Case {
  /** The function that the case is about. */
  operation: string
  name: string
  /** Default: all. What the wire document says is absent in a dialect has a case that expects the refusal. */
  dialects?: readonly Dialect[]
  run(context: Context): Promise<void>
}
