import { difference } from './difference.ts'
import { normalise } from './normalise.ts'
import type { Bench, Heard, Plan, Recording } from './types.ts'

const isStatus = ({ text }: Heard): boolean => (text as { type?: string } | undefined)?.type === 'status'

/** Whether a message tells of the middle of a node. */
function isStep({ text }: Heard): boolean {
  const { type, data } = (text ?? {}) as { type?: string; data?: any }
  if (type === 'progress') return true
  if (type !== 'progress_state') return false
  return Object.values<any>(data.nodes).some(({ state, value }) => state === 'running' && value > 0)
}

/** What both sides show of a message. */
function show(message: Heard): Heard {
  const { bytes: _, first_bytes_hex: __, ...rest } = message as Heard & { bytes?: unknown }
  const sid = (rest.text as any)?.data?.sid
  // An id that the server made.
  if (/^[0-9a-f]{32}$/.test(sid ?? '')) (rest.text as any).data.sid = '(made up)'
  return rest
}

/** The first thing in which a socket heard something else than the recorded one. */
export async function compareSocket(
  { comfy, sockets, names }: Bench,
  plan: Plan,
  recorded: NonNullable<Recording['websocket']>[number],
  at: number,
): Promise<string | undefined> {
  const socket = sockets[at]
  if (!socket) return 'it was never opened'
  let text = JSON.stringify(recorded.messages)
  for (const [name, here] of names) text = text.replaceAll(name, here)
  const all = JSON.parse(text) as Heard[]
  const wanted = all.filter((message) => message.text || message.binary)
  const deadline = Date.now() + 5000
  const last = (messages: Heard[]): string => JSON.stringify(normalise(messages.at(-1)?.text ?? null, comfy))
  const isOver = (): boolean => plan.stepsByChance === true && last(socket.messages) === last(wanted)
  while (socket.messages.length < wanted.length && !isOver() && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  const end = all.find(({ socket_state }) => socket_state)?.socket_state
  const code = end ? await socket.closed : await socket.close()
  if (end && end !== `closed, code ${code}`) return `recorded ${end}, here closed, code ${code}`
  const chosen = (messages: Heard[]): unknown =>
    normalise(
      messages
        .filter((message) => !(plan.statusesByChance && isStatus(message)))
        .filter((message) => !(plan.stepsByChance && isStep(message)))
        .map(show),
      comfy,
    )
  return difference(chosen(wanted), chosen(socket.messages), 'message ')
}
