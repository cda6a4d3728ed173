// Keys of requests, and where requests may come from.

import type { Caller } from '../engine.ts'
import { isObject, must, optional, type Rule, type Rules } from '../options.ts'
import * as rules from '../rules.ts'
import { hashOf } from '../runtime.ts'
import { isSecret, type KeptSecret } from '../webhooks/sign.ts'

/** Whether a text can be a key: a header carries visible ASCII characters unchanged. */
export function isKey(value: unknown): value is string {
  return typeof value === 'string' && /^[\x21-\x7e]+$/.test(value)
}

/** The key that a request carries. */
export function keyOf({ headers }: { readonly headers: Headers }): string | null {
  const bearer = /^bearer +(\S+)$/i.exec(headers.get('authorization') ?? '')?.[1]
  // An empty header counts as not sent.
  return headers.get('x-api-key') || bearer || null
}

/** A key of the keys file. */
export interface Key {
  /** The owner of the runs that the key submits. Two keys with one name are one owner. */
  readonly name: string
  /** The SHA-256 of the key, in lower-case hex. */
  readonly sha256: string
  /** The ids of the workflows that the key sees and runs. Default: all */
  readonly workflows?: readonly string[]
  /** The most runs of the owner that have not ended. Needs a queue. Default: no limit */
  readonly maxUnfinished?: number
  /** From 0 to 9; nine of ten turns go to the highest priority that waits. Needs a queue. Default: 0 */
  readonly priority?: number
  /** Sees and cancels the runs of all owners, and has the routes of operators. Default: false */
  readonly admin?: boolean
  /**
   * The secrets that sign the webhooks of its runs: several during a rotation, each until a time in ISO 8601. Default: one that
   * is derived from `secret` or `apiKey`
   */
  readonly webhookSecrets?: readonly KeptSecret[]
}

const like = (form: RegExp) => (value: unknown) => typeof value === 'string' && form.test(value)

// A key in the place of a name would be in logs.
export const keyName: Rule = must(
  '1 to 64 letters, digits and "._-", and not a key itself',
  like(/^(?!fsk_)[\w.-]{1,64}$/),
)

const KEY: Rules<Key> = {
  name: keyName,
  sha256: must('64 hex digits in lower case', like(/^[\da-f]{64}$/)),
  workflows: optional(must('an array of ids', (ids) => Array.isArray(ids) && ids.every(like(/./)))),
  maxUnfinished: optional(rules.wholeNumber(1, 1_000_000)),
  priority: optional(rules.wholeNumber(0, 9)),
  admin: optional(rules.flag),
  webhookSecrets: optional(
    must(
      'an array of { value: "whsec_…", until?: "2027-01-31T00:00:00Z" }',
      (list) =>
        Array.isArray(list) &&
        list.every((one) => isSecret(one?.value) && (one.until === undefined || Date.parse(one.until) > 0)),
    ),
  ),
}

/** Says what is wrong with keys: the entry and its field, and neither a key nor a hash. */
export function problemOfKeys(keys: unknown, hasQueue = true): string | undefined {
  if (!Array.isArray(keys)) return 'it must be an array of { name, sha256, … }'
  const known = new Map<unknown, number>()
  for (const [at, key] of keys.entries()) {
    const isNamed = isObject(key) && !keyName(key.name)
    const entry = `entry ${at + 1}${isNamed ? ` (${key.name})` : ''}`
    if (!isObject(key)) return `${entry} must be an object`
    const extra = Object.keys(key).find((field) => !Object.hasOwn(KEY, field))
    // A text that is no word may be a key.
    if (extra !== undefined)
      return `${entry} has ${/^[a-z]{1,20}$/i.test(extra) ? `the unknown field "${extra}"` : 'an unknown field'}; the known fields are ${Object.keys(KEY).join(', ')}`
    for (const [field, rule] of Object.entries(KEY)) {
      const wanted = rule(key[field])
      if (wanted !== undefined) return `${entry}: "${field}" must be ${wanted}`
    }
    const limit = hasQueue
      ? undefined
      : ['maxUnfinished', 'priority'].find((field) => key[field] !== undefined)
    if (limit !== undefined) return `${entry}: "${limit}" needs a queue`
    if (known.has(key.sha256)) return `${entry}: "sha256" is the one of entry ${known.get(key.sha256)}`
    known.set(key.sha256, at + 1)
  }
  return undefined
}

/** Keys that may change, as `watchKeys(file)` gives them. */
export interface WatchedKeys {
  current(): readonly Key[]
  /** Calls the listener after each change. The returned function stops that. */
  watch(listener: () => void): () => void
  close?(): void
}

/** The keys of an API. */
export interface Keys {
  /** The caller with this key. `null`: no key was sent */
  callerOf(sent: string | null): Caller | undefined | Promise<Caller | undefined>
  isValid(caller: Caller): boolean
  /** Calls `end` when the key of the caller is removed or changed, or soon if it is already. The returned function removes `end`. */
  whileValid(caller: Caller, end: () => void): () => void
  close(): void
}

const ADMIN: Caller = { isAdmin: true }

/** `apiKey` is the key of an admin without a name; `null`: no key is needed. */
export function createKeys(
  apiKey: string | null | undefined,
  watched: Omit<WatchedKeys, 'close'> = { current: () => [], watch: () => () => {} },
): Keys {
  let entries = new Map<string, { readonly key: Key; readonly caller: Caller }>()
  const ends = new Map<() => void, Caller>()
  const isValid = (caller: Caller): boolean =>
    caller === ADMIN || [...entries.values()].some((entry) => entry.caller === caller)

  function readAll(): void {
    const before = entries
    entries = new Map(
      watched.current().map((key) => {
        const text = JSON.stringify(key)
        const { name: owner, admin: isAdmin, sha256: _, ...rights } = key
        return [text, before.get(text) ?? { key, caller: { owner, isAdmin, ...rights } }]
      }),
    )
    for (const [end, caller] of ends) if (!isValid(caller)) end()
  }

  async function find(sent: string): Promise<Caller | undefined> {
    const hex = await hashOf(sent)
    // All are compared, so that the time says nothing about a key.
    return [...entries.values()].filter(({ key }) => sameText(hex, key.sha256))[0]?.caller
  }

  readAll()
  const close = watched.watch(readAll)
  return {
    isValid,
    callerOf(sent) {
      if (apiKey === null) return ADMIN
      if (!sent) return undefined
      if (apiKey !== undefined && sameText(sent, apiKey)) return ADMIN
      return entries.size === 0 ? undefined : find(sent)
    },
    whileValid(caller, end) {
      ends.set(end, caller)
      if (!isValid(caller)) queueMicrotask(end)
      return () => void ends.delete(end)
    },
    close,
  }
}

/** Compares a text with a secret, in the same time wherever they differ. */
export function sameText(sent: string, secret: string): boolean {
  let difference = sent.length ^ secret.length
  for (let i = 0; i < sent.length; i++) {
    difference |= sent.charCodeAt(i) ^ secret.charCodeAt(i % Math.max(1, secret.length))
  }
  return difference === 0
}

/** Tested as text: a URL parser finds this machine in `evil@127.0.0.1` and in `127.0.0.1#.evil.test`. */
export const LOOPBACK: RegExp = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i

/**
 * Whether a request may come from a page of another site: its `Origin` is another site, or its `Host` is not this machine.
 * The `Origin` alone is not enough: a site can make its own name lead to this machine.
 */
export function isFromElsewhere({ headers }: { readonly headers: Headers }): boolean {
  const host = headers.get('host')
  const origin = headers.get('origin')
  if (host !== null && !LOOPBACK.test(host)) return true
  const isSameSite = host !== null && (origin === `http://${host}` || origin === `https://${host}`)
  return origin !== null && !isSameSite
}
