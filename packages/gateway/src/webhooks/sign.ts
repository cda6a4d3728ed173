// Signs webhooks by the rules of Standard Webhooks, and makes their secrets.
import { fromBase64, hmac, toBase64, toHmacKey } from '../runtime.ts'

/** A secret as callers see it: 24 bytes or more. */
export const isSecret = (value: unknown): value is string =>
  typeof value === 'string' && /^whsec_(?:[A-Za-z\d+/]{4}){8,}(?:[A-Za-z\d+/]{2}[A-Za-z\d+/=]=)?$/.test(value)

export const makeSecret = (): string => toSecret(crypto.getRandomValues(new Uint8Array(32)))

/** The secret for a name, always the same, which shows nothing of the secret that it is made from. */
export const deriveSecret = async (from: string, name: string): Promise<string> =>
  toSecret(await hmac(await toHmacKey(new TextEncoder().encode(from)), `flowscale webhook ${name}`))

/** A secret of a key, which signs until a time in ISO 8601. */
export interface KeptSecret {
  readonly value: string
  /** Default: it has no end */
  readonly until?: string | undefined
}

/** In place of a key: the operator, for `--webhook`. */
export const OPERATOR = 'operator'

/** The secrets that sign for a key, or for the operator: those in the file of keys, or else one that is derived `from` another. */
export async function secretsFor(
  from: string | (() => Promise<string>),
  whose: typeof OPERATOR | { readonly key: string | undefined },
  keys: readonly {
    readonly name: string
    readonly webhookSecrets?: readonly KeptSecret[] | undefined
  }[] = [],
): Promise<readonly string[]> {
  const isOperator = whose === OPERATOR
  const kept = keys.flatMap(({ name, webhookSecrets = [] }) =>
    !isOperator && name === whose.key ? webhookSecrets : [],
  )
  const valid = kept.filter(({ until }) => until === undefined || Date.parse(until) > Date.now())
  if (valid.length > 0) return [...new Set(valid.map(({ value }) => value))]
  const secret = typeof from === 'string' ? from : await from()
  return [await deriveSecret(secret, isOperator ? OPERATOR : `key ${whose.key ?? ''}`)]
}

/** The headers of an attempt. During a rotation, each secret signs it. */
export async function signWebhook(
  secrets: readonly string[],
  { id, timeMs, body }: { readonly id: string; readonly timeMs: number; readonly body: string },
): Promise<Record<string, string>> {
  const time = Math.floor(timeMs / 1000)
  const signatures = secrets.map(async (secret) => {
    const key = await toHmacKey(fromBase64(secret.slice('whsec_'.length)))
    return `v1,${toBase64(await hmac(key, `${id}.${time}.${body}`))}`
  })
  return {
    'webhook-id': id,
    'webhook-timestamp': `${time}`,
    'webhook-signature': (await Promise.all(signatures)).join(' '),
  }
}

const toSecret = (bytes: Uint8Array): string => `whsec_${toBase64(bytes)}`
