// `executeMany` of many prompts, in a process that may be killed: `killed.ts URL KEY COUNT`. Tells how many were fulfilled.
import { createClient } from '@flowscale/client'
import { executeMany } from '@flowscale/client/poller'

const [baseUrl = '', apiKey, count] = process.argv.slice(2)
const results = await executeMany(
  createClient({ baseUrl, apiKey }),
  't3xtwr1ter00',
  Array.from({ length: Number(count) }, (_, index) => ({ prompt: `text ${index}` })),
  { groupId: (index) => `item-${index}`, pollIntervalMs: 50, maxRequestsPerSecond: 1000 },
)
process.send!(results.filter(({ status }) => status === 'fulfilled').length, () => process.disconnect())
