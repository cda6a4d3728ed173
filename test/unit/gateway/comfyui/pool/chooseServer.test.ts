import { assert, suite } from '#test'
import { createChoose } from '../../../../../packages/gateway/src/comfyui/pool/chooseServer.ts'
import type { Candidate } from '../../../../../packages/gateway/src/comfyui/pool/members.ts'

const test = suite('the choice of a server')
const { now } = Date
test.after.each(() => {
  Date.now = now
})

/** A server whose queue has so many runs. */
function server(queued: number): Candidate {
  const member = {
    server: {
      client: {
        isQuiet: () => false,
        read: async () => ({ exec_info: { queue_remaining: queued } }),
      },
    },
    container: { latest: () => ({ status: 'idle' }), read: async () => {} },
  }
  return { member, workflow: { listing: { id: 'one' } } } as unknown as Candidate
}

test('a request that ends in the middle, as on Workers, counts for a minute', async () => {
  const choose = createChoose()
  const [short, long] = [server(0), server(1)]
  const never = new Promise<never>(() => {})
  for (const _ of [1, 2]) {
    await new Promise<void>((reached) => {
      void choose([short], () => {
        reached()
        return never
      })
    })
  }
  const chosen = (): Promise<Candidate> => choose([short, long], async (one) => one)
  assert.is(await chosen(), long)
  Date.now = () => now() + 61_000
  assert.is(await chosen(), short)
})
