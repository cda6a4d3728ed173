import { randomUUID } from 'node:crypto'
import type { Browser } from 'playwright-core'
import { assert, type Test } from '#test'
import { CANARY } from '../../support/canary.ts'
import { type CheckName, checks, type Place } from './checks.ts'
import { type Pod, type PodName, servePod } from './servePod.ts'
import type { Started } from './start.ts'

interface App {
  /** What stands before the names of its tests. */
  readonly name: string
  readonly podName: PodName
  /** The checks, which run all at once, each with a visitor of its own. */
  readonly names: readonly CheckName[]
  readonly browser: () => Browser
  readonly start: (env: Record<string, string>) => Promise<Started>
}

/** Adds the tests of an app that is built: on a pod of its own, with its own server. */
export function testApp(test: Test, { name, podName, names, browser, start }: App): void {
  let server: Started
  let pod: Pod
  const outcomes = new Map<CheckName, Promise<void>>()

  test(`${name}: a page that signs in by a cookie that scripts can’t read`, async () => {
    pod = await servePod(podName)
    server = await start(pod.env).catch(async (error) => {
      // Else this would go on for ever.
      await pod.close()
      throw error
    })
    const answer = await fetch(server.url)
    assert.is(answer.status, 200)
    assert.match(answer.headers.get('set-cookie')!, /^session=[\w-]{36};.*HttpOnly/i)
    const cookie = `session=${randomUUID()}`
    const again = await fetch(server.url, { headers: { cookie } })
    // With a page out of a cache, two visitors would share a session, or have none.
    // The development server of Next.js leaves a word out.
    for (const { headers } of [answer, again])
      assert.match(headers.get('cache-control')!, /^(private, )?no-store$/)
    const place: Place = { browser: browser(), url: server.url, pod }
    for (const each of names) {
      const outcome = checks[each].check(place)
      // Looked at by the test of it.
      outcome.catch(() => {})
      outcomes.set(each, outcome)
    }
  })
  for (const each of names) {
    test(`${name}: ${checks[each].title}`, async () => {
      if (!outcomes.has(each)) throw new Error('the app was not started')
      await outcomes.get(each)
    })
  }
  test(`${name}: the server said nothing amiss`, async () => {
    const output = server.output()
    await server.stop()
    await pod.close()
    assert.not.match(output, CANARY)
    // workerd tells of a visitor that leaves in the middle of a stream.
    const isHarmless = (line: string): boolean => /kj\/async-io-unix.*disconnected/.test(line)
    const amiss = output.split('\n').filter((line) => /error|warn/i.test(line) && !isHarmless(line))
    assert.equal(amiss, [])
  })
}
