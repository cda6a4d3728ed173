// A large file through the gateway, up and down, in flat memory. `BIG_MB=1024` moves a gigabyte.
import { assert, suite } from '#test'
import { moveBig } from './lib/moveBig.ts'

const megabytes = process.env.BIG_MB ? Number(process.env.BIG_MB) : 128
/** What a process takes for what is on its way, and for what is not yet collected. */
const MOST_MB = 80

const test = suite('gateway, large files')

test(`${megabytes} MB go up and down in flat memory`, async () => {
  const { before, up, down } = await moveBig(megabytes)
  console.log(
    `[show] ${megabytes} MB through the gateway: RSS ${before.toFixed()} MB before, at most ${up.toFixed()} MB while it went up, ${down.toFixed()} MB while it went down`,
  )
  assert.ok(up - before < MOST_MB, `up: ${(up - before).toFixed()} MB more`)
  assert.ok(down - before < MOST_MB, `down: ${(down - before).toFixed()} MB more`)
})
