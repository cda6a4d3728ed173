// A FlowScale with a hundred containers. Prints its URL, and one that tells when runs ended and what was
// asked so far.
import { createServer } from 'node:http'
import { createEmulator } from '@flowscale/emulator'
import { serve } from '@flowscale/emulator/node'

const emulator = createEmulator({
  apiKey: 'fsk_bench_0123456789',
  containers: 100,
  maxRuns: 20_000,
  workflows: [
    {
      id: 'nap',
      name: 'Nap',
      description: 'Takes the given ms',
      inputs: { ms: 'number' },
      outputs: { echo: 'file' },
      async run({ ms }, { sleep }) {
        await sleep(Number(ms))
        return { echo: { data: new TextEncoder().encode(`${ms}`), type: 'text/plain' } }
      },
    },
  ],
})
const ends = {}
emulator.watch(({ run_id, status }) => {
  if (status === 'completed') ends[run_id] = performance.timeOrigin + performance.now()
})
const served = await serve(emulator)
const told = createServer((_, response) => {
  response.end(JSON.stringify({ ends, requests: emulator.stats.requests }))
})
told.listen(0, '127.0.0.1', () => console.log(`${served.url} http://127.0.0.1:${told.address().port}`))
