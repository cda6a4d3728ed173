import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEmulator } from '@flowscale/emulator'
import { serve } from '@flowscale/emulator/node'
import { assert } from '#test'
import { told } from '../../runtimes/command.ts'
import type { Row } from '../../runtimes/rows.ts'
import { CANARY } from '../../support/canary.ts'
import { listen } from '../../support/listen.ts'

const LIMIT_MS = 300_000
const groupId = 'of-one-call'

/** What the page knows of its one call. */
interface Told {
  /** POSTs that the client has made. */
  fetches: number
  end: { runId?: string; code?: string; maybeSubmitted?: true }
  /** The runs of its group, by `getRuns`. */
  found: string[]
}

interface Resends extends Told {
  /** POSTs that came in. */
  posts: number
  /** Runs that were started, in that order. */
  started: string[]
}

/**
 * One call of a page, when `open` connections were used before. The first `resets` POSTs start a run, and their
 * connection is reset before a byte of the answer. `keyed`: the client has `idempotency`.
 */
export async function countResends(
  { start }: Row,
  open: number,
  resets: number,
  keyed = false,
): Promise<Resends> {
  let posts = 0
  const emulator = createEmulator({
    apiKey: CANARY,
    faults: {
      plan({ operation }) {
        if (operation !== 'executeWorkflow') return undefined
        return ++posts > resets ? undefined : 'reset-late'
      },
    },
  })
  const pod = await serve(emulator)
  let resolve!: (told: Told) => void
  const coming = new Promise<Told>((done) => {
    resolve = done
  })
  const control = await listen(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    const { pathname } = new URL(request.url!, 'http://control')
    if (pathname === '/orders') {
      response.end(JSON.stringify({ baseUrl: pod.url, apiKey: CANARY, groupId, open, keyed }))
    } else if (pathname === '/done') {
      resolve(JSON.parse(text))
      response.end()
    } else if (pathname.startsWith('/client/')) {
      response.setHeader('content-type', 'text/javascript')
      response.end(readFileSync(pathname.replace('/client', 'packages/client/dist')))
    } else if (pathname === '/page') {
      response.setHeader('content-type', 'text/html')
      response.end(readFileSync('test/browser/resends/page.html'))
    } else response.writeHead(404).end()
  })
  const folder = mkdtempSync(join(tmpdir(), 'flowscale-resends-'))
  const started = await start(control.url, folder)
  try {
    const given = await told(started, coming, LIMIT_MS)
    if (!given) throw new Error(`the page has told nothing\n${started.output()}`)
    return { ...given, posts, started: emulator.ledger.runs.map(({ runId }) => runId) }
  } finally {
    await started.end()
    await control.close()
    await pod.close()
    emulator.close()
    rmSync(folder, { recursive: true })
  }
}

/** Whatever the browser does: the client sends once, and the group has all that this started. */
export function assertPromised({ fetches, end, found, posts, started }: Resends): void {
  assert.is(fetches, 1, 'the client sends once')
  assert.is(started.length, posts, 'each POST starts a run')
  assert.equal([...found].sort(), [...started].sort(), 'all are found by their group')
  if (end.runId) assert.is(end.runId, started.at(-1), 'what is answered is the last')
  else assert.equal(end, { code: 'ERR_FLOWSCALE_NETWORK', maybeSubmitted: true })
}

/** With keys: however many POSTs, there is one run, and the caller gets it. */
export function assertOnce({ end, found, posts, started }: Resends): void {
  assert.ok(posts > 1)
  assert.is(started.length, 1)
  assert.equal([end, found], [{ runId: started[0] }, started])
}
