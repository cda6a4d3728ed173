import type { Server } from '../../../comfyui/api/client.ts'
import { NoAnswer } from './NoAnswer.ts'
import { parseJson } from './parseJson.ts'

/** What ComfyUI keeps of a run that has ended, as far as it is read. */
export interface History {
  readonly number: number
  readonly extra: unknown
  readonly outputs: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly success: boolean
  readonly messages: readonly (readonly [type: string, data: Readonly<Record<string, unknown>>])[]
}

const NOBODY = '00000000-0000-4000-8000-000000000000'

/** `unreadable`: the run has ended, but ComfyUI fails to write its outputs as JSON. */
export async function readHistory(server: Server, id: string): Promise<History | 'unreadable' | undefined> {
  let { status, text } = await server.send(`/history/${id}`)
  if (status === 500) {
    // Is it this run, or all of the server, or was it but a moment?
    await server.read(`/history/${NOBODY}`)
    ;({ status, text } = await server.send(`/history/${id}`))
    if (status === 500) return 'unreadable'
  }
  const entries = status === 200 ? parseJson(text) : undefined
  if (typeof entries !== 'object' || entries === null) {
    throw new NoAnswer('its history can not be read', true)
  }
  const entry = Object(entries)[id]
  if (!entry) return undefined
  return {
    number: Number(entry.prompt?.[0]),
    extra: entry.prompt?.[3],
    outputs: entry.outputs ?? {},
    success: (entry.status?.status_str ?? 'success') === 'success',
    messages: entry.status?.messages ?? [],
  }
}
