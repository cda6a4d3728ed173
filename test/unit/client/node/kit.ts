// What the cases of files share; bundled for each runtime, too.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { type Client, type ClientOptions, createClient, isFlowScaleError } from '@flowscale/client'
import type { Script, Seen, Sent } from './serveFiles.ts'

/** A key that no file's origin may see. */
export const key = 'fsk_files_3f9a1c77d2'
/** The word of each link that signs it. */
export const signature = 'SIGNATURE0f4be9'

export interface Lab {
  api: string
  files: string
  /** A fresh folder. */
  folder: string
  runtime: 'Node' | 'Deno' | 'Bun'
  /** The major version of Node; 0 elsewhere. */
  node: number
  /** Says why a case is not played. */
  skip(reason: string): void
  /** Shows a figure. */
  show(figure: string): void
}

export type Case = (lab: Lab) => Promise<void>

let cases = 0

export function clientOf({ api }: Lab, options: Partial<ClientOptions> = {}): Client {
  const headers = { 'x-own': 'own-header-value' }
  return createClient({ baseUrl: api, apiKey: key, headers, retryDelayMs: 1, ...options })
}

/** A link to a file that is served in one way, and the requests for it. */
export function linkOf(lab: Lab, script: Omit<Script, 'id'> & { sig?: string; name?: string } = {}) {
  const id = `${++cases}-${Math.random()}`
  const { name = 'file.png', ...rest } = script
  const query = new URLSearchParams({ id, secret: signature, ...rest } as unknown as Record<string, string>)
  const seen = async (): Promise<Seen[]> => (await fetch(`${lab.api}/seen?id=${id}`)).json() as never
  return { url: `${lab.files}/${name}?${query}`, query, seen }
}

/** Gives a filename links, one after the other. */
export async function nameLink(lab: Lab, filename: string, ...urls: string[]): Promise<void> {
  const query = new URLSearchParams([['filename', filename], ...urls.map((url) => ['url', url])])
  await fetch(`${lab.api}/link?${query}`)
}

export async function sent(lab: Lab): Promise<Sent> {
  return (await fetch(`${lab.api}/sent`)).json() as never
}

export const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** That the file is whole, and nothing lies beside it. */
export function assertSaved(folder: string, name: string, bytes: Uint8Array): void {
  assert.equal(hashOf(readFileSync(join(folder, name))), hashOf(bytes))
  assert.deepEqual(readdirSync(folder), [name])
}

export const assertEmpty = (folder: string): void => assert.deepEqual(readdirSync(folder), [])

/** The error of a promise, which shows no link and no key; `path` is in its message. */
export async function errorOf(promise: Promise<unknown>, path: string) {
  const error = await promise.then(
    () => assert.fail('it should have failed'),
    (error: unknown) => error,
  )
  assert.ok(isFlowScaleError(error), inspect(error))
  const shown = inspect(error, { showHidden: true, depth: 9 }) + JSON.stringify(error) + error.stack
  assert.ok(!shown.includes(signature), `the link shows: ${shown}`)
  assert.ok(!shown.includes(key), `the key shows: ${shown}`)
  assert.ok(error.message.includes(path), `no path in: ${error.message}`)
  return error
}

/** That the file's origin saw neither key nor headers of the client. */
export function assertBare(seen: readonly Seen[]): void {
  for (const { headers } of seen) {
    assert.equal(headers['x-api-key'], undefined)
    assert.equal(headers['x-own'], undefined)
    assert.ok(!JSON.stringify(headers).includes(signature))
  }
}
