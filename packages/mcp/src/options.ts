// The options of the server, and their rules.
import { ArgumentError } from '@flowscale/client'

/** Options of `createMcp`. */
export interface McpOptions {
  /** The ids or names of the workflows that become tools. Default: all. */
  workflows?: readonly string[] | undefined
  /** The group of the runs, which `list_runs` lists. Default `'mcp'`. */
  groupId?: string | undefined
  /**
   * How long a call waits for its run, in ms. Then it answers with the id of the run, which goes on. Hosts end a call after
   * 60 s. Over HTTP only `wait_run` waits. Default 45000.
   */
  replyAfterMs?: number | undefined
  /** The folder whose files a call over stdio may name. Default: none. */
  files?: string | undefined
  /** The hosts whose `https:` addresses a call may give for a file; the server of FlowScale fetches them. Default: none. */
  inputHosts?: readonly string[] | undefined
  /** The token of all clients over HTTP, as `Authorization: Bearer`. Without one, `fetch` refuses each request. */
  token?: string | undefined
  /** The names in `Host` and `Origin` that `fetch` accepts, in addition to those of this machine. Default: none. */
  hosts?: readonly string[] | undefined
  /** Called with errors that no client hears of. */
  onError?: ((error: Error) => void) | undefined
}

export type Settings = Omit<McpOptions, 'groupId' | 'replyAfterMs' | 'inputHosts' | 'onError'> & {
  readonly groupId: string
  readonly replyAfterMs: number
  readonly inputHosts: readonly string[]
  readonly onError: (error: Error) => void
}

const isText = (value: unknown) => (typeof value === 'string' && value !== '') || 'a text'
const isList = (value: unknown) =>
  (Array.isArray(value) && value.every((item) => isText(item) === true)) || 'a list of texts'

const rules: Readonly<Record<keyof McpOptions, (value: unknown) => true | string>> = {
  workflows: isList,
  groupId: isText,
  replyAfterMs: (value) =>
    (typeof value === 'number' && value >= 0 && value <= 3_600_000) || 'a number from 0 to 3600000 (ms)',
  files: isText,
  inputHosts: isList,
  token: (value) => (typeof value === 'string' && value.length >= 16) || 'a text of at least 16 characters',
  hosts: isList,
  onError: (value) => typeof value === 'function' || 'a function',
}

/** Checks the options, and adds the defaults. */
export function readOptions(options: McpOptions): Settings {
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(rules, name))
      throw new ArgumentError(`Unknown option ${name}; known: ${Object.keys(rules)}`)
    const found = value === undefined || rules[name as keyof McpOptions](value)
    if (found !== true) throw new ArgumentError(`${name} must be ${found}`)
  }
  const { groupId = 'mcp', replyAfterMs = 45_000, inputHosts = [], onError = () => {}, ...rest } = options
  return { ...rest, groupId, replyAfterMs, inputHosts, onError }
}
