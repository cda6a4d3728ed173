import type { IncomingMessage } from 'node:http'
import type { Life } from '../types.ts'

/** A request, as the routes see it. */
export interface Context {
  readonly life: Life
  readonly request: IncomingMessage
  readonly url: URL
  readonly port: number
  /** The parts of the path that a route leaves open, unescaped. */
  readonly params: readonly string[]
  readonly readText: () => Promise<string>
  readonly readJson: () => Promise<unknown>
}
