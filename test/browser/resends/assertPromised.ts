import { assert } from '#test'
import type { Resends } from './countResends.ts'

/** Whatever the browser does: the client sends once, and the group has all that this started. */
export function assertPromised({ fetches, end, found, posts, started }: Resends): void {
  assert.is(fetches, 1, 'the client sends once')
  assert.is(started.length, posts, 'each POST starts a run')
  assert.equal([...found].sort(), [...started].sort(), 'all are found by their group')
  if (end.runId) assert.is(end.runId, started.at(-1), 'what is answered is the last')
  else assert.equal(end, { code: 'ERR_FLOWSCALE_NETWORK', maybeSubmitted: true })
}
