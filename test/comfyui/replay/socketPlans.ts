import { blackWasDrawn } from './graphs.ts'
import { openSocket } from './openSocket.ts'
import type { Bench, Plan } from './types.ts'

/** Until the first socket has heard of progress of a node with so many steps. */
const isAtWork = (max: number) => (bench: Bench) =>
  bench.until(() =>
    bench.sockets[0]!.messages.some(({ text }: any) => text?.type === 'progress' && text.data.max === max),
  )

/** The recordings with sockets. */
export const socketPlans: Readonly<Record<string, Plan>> = {
  'killed-in-the-middle': {
    stacked: true,
    statusesByChance: true,
    stepsByChance: true,
    number: 1,
    steps: {
      async 2(bench) {
        await isAtWork(200)(bench)
        await bench.comfy.kill()
      },
      3: ({ comfy }) => comfy.start(),
    },
  },
  'output-not-json': { opensLate: true, steps: { 7: (bench) => bench.open() } },
  'ws-cached': {
    opensLate: true,
    steps: {
      async 1(bench) {
        await bench.idle()
        await bench.open()
      },
    },
  },
  'ws-feature-flags': { before: blackWasDrawn },
  'ws-interrupted': { stacked: true, stepsByChance: true, steps: { 1: isAtWork(200) } },
  'ws-queue-of-two': { stacked: true, statusesByChance: true, before: blackWasDrawn },
  'ws-reconnect': {
    stacked: true,
    stepsByChance: true,
    opensLate: true,
    before: blackWasDrawn,
    // A first socket hears of the first step, and goes.
    async after(bench) {
      const earlier = await openSocket(`${bench.comfy.url.replace('http', 'ws')}/ws?clientId=client-j`)
      await bench.until(() => earlier.messages.some(({ text }: any) => text?.type === 'progress'))
      await earlier.close()
      await bench.open()
    },
  },
  'ws-run-without-client-id': {
    stacked: true,
    stepsByChance: true,
    steps: { 1: (bench) => bench.idle(), 2: isAtWork(200) },
  },
  'ws-same-id-twice': {
    before: blackWasDrawn,
    steps: {
      async 1(bench) {
        const [older, newer] = bench.sockets
        await bench.until(() => newer!.messages.some(({ text }: any) => text?.data?.node === null))
        await older!.close()
      },
    },
    after: (bench) => bench.idle(),
  },
}
