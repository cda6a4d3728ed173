// What each page does, whatever it is built with.
import { once } from 'node:events'
import { get } from 'node:http'
import type { Browser } from 'playwright-core'
import { assert } from '#test'
import { until } from '../../support/until.ts'
import type { Pod } from './servePod.ts'
import { visit } from './visit.ts'

export interface Place {
  readonly browser: Browser
  /** Of the app. */
  readonly url: string
  readonly pod: Pod
}

/** Does `attempt` until it was in the middle of its run: on a busy machine, a run may end before. */
const midway =
  (attempt: (place: Place) => Promise<boolean>) =>
  async (place: Place): Promise<void> => {
    for (let tries = 4; tries > 0; tries--) if (await attempt(place)) return
    assert.unreachable('each run ended too early')
  }

/** A whole run that survives a reload: its progress grows, its image is shown, and it was started once. */
async function runAndReload({ browser, url, pod }: Place): Promise<boolean> {
  const visitor = await visit(browser, url)
  await visitor.generate('a reload in the middle')
  const first = await visitor.progress(0.1)
  await visitor.page.reload()
  const second = await visitor.progress(first.at(-1)!)
  for (const values of [first, second])
    assert.equal(
      values,
      values.toSorted((a, b) => a - b),
    )
  await visitor.says('completed')
  await visitor.image()
  await visitor.page.reload()
  await visitor.image()
  assert.is((await pod.runs(visitor.groupId)).length, 1)
  const isMidway = second.length > 0
  if (isMidway) assert.ok(visitor.streams() >= 2, 'progress came by events, before the reload and after it')
  await visitor.leave()
  return isMidway
}

/** Cancel ends the run on the server, and no image comes. */
async function cancel({ browser, url, pod }: Place): Promise<boolean> {
  const visitor = await visit(browser, url)
  await visitor.generate('a change of mind')
  await visitor.progress(0.05)
  await visitor.cancel()
  await visitor.says(/cancelled|completed/)
  const { status } = (await pod.runs(visitor.groupId))[0]!
  const isMidway = status !== 'completed'
  if (isMidway) {
    await visitor.says('cancelled')
    assert.is(status, 'cancelled')
    assert.is(await visitor.page.getByRole('img').count(), 0)
  }
  await visitor.leave()
  return isMidway
}

/** A reload in the middle of the POST: the run is started once, and the page does not start it again. */
async function reloadPost({ browser, url, pod }: Place): Promise<void> {
  const visitor = await visit(browser, url)
  const release = pod.gate.hold(visitor.groupId)
  await visitor.generate('a reload while it is sent')
  await until(async () => (await pod.runs(visitor.groupId)).length)
  await visitor.says('submitting')
  await visitor.page.reload()
  release()
  // The proxy sets the group, so that the page can't look for its run: the browser says that it got a 403.
  await visitor.says('lost')
  await visitor.page.reload()
  await visitor.says('lost')
  assert.is((await pod.runs(visitor.groupId)).length, 1)
  await visitor.generate('and another')
  await visitor.image()
  assert.is((await pod.runs(visitor.groupId)).length, 2)
  await visitor.leave(/ 403 /)
}

/** Two visitors don't see each other's runs, and two clicks are one run. */
async function keepApart({ browser, url, pod }: Place): Promise<void> {
  const [ada, bob] = [await visit(browser, url), await visit(browser, url)]
  await ada.generate('for my eyes only', 2)
  await ada.progress(0.05)
  const { _id: runId } = (await pod.runs(ada.groupId))[0]!
  const own = { cookie: ada.cookie }
  // `fetch` sends a Host of its own.
  const statusOf = async (path: string, headers: Record<string, string>) => {
    const [answer] = await once(get(`${url}/api/flowscale/api/v1/${path}`, { headers }), 'response')
    answer.destroy()
    return answer.statusCode
  }
  const other = { cookie: bob.cookie }
  for (const path of [`runs/${runId}`, `runs/${runId}/events`]) {
    assert.is(await statusOf(path, own), 200, path)
    assert.is(await statusOf(path, other), 404, path)
    assert.is(await statusOf(path, {}), 403, path)
  }
  for (const path of ['runs', 'comfy/queue', 'comfy/health'])
    assert.is(await statusOf(path, other), 403, path)
  // As pages of plain HTTP ask, without Sec-Fetch-Site.
  const asks = { ...own, host: 'lan.test:3000' }
  assert.is(await statusOf(`runs/${runId}`, { ...asks, origin: 'http://lan.test:3000' }), 200)
  assert.is(await statusOf(`runs/${runId}`, { ...asks, origin: 'http://evil.test' }), 403)
  assert.is(await bob.page.getByRole('status').textContent(), 'The run is idle')
  await ada.image()
  assert.is((await pod.runs(ada.groupId)).length, 1)
  await ada.leave()
  await bob.leave()
}

/** An event arrives while the run goes on: nothing between the pod and the page keeps it back. */
async function stream({ browser, url, pod }: Place): Promise<boolean> {
  const visitor = await visit(browser, url)
  await visitor.generate('seen as it is made')
  await visitor.progress(0.05)
  const { _id: runId } = (await pod.runs(visitor.groupId))[0]!
  const headers = { cookie: visitor.cookie, 'accept-encoding': 'gzip, br' }
  const answer = await fetch(`${url}/api/flowscale/api/v1/runs/${runId}/events`, { headers })
  assert.is(answer.headers.get('content-type'), 'text/event-stream')
  assert.match(answer.headers.get('cache-control')!, 'no-transform')
  assert.is(answer.headers.get('content-encoding'), null)
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader()
  let text = (await reader.read()).value!
  const isRunning = (await pod.runs(visitor.groupId))[0]!.status === 'running'
  if (isRunning) assert.match(text, /^id: running 0\.\d+$/m)
  for (let part = await reader.read(); !part.done; part = await reader.read()) text += part.value
  assert.match(text, /^id: completed$/m)
  const ids = [...text.matchAll(/^id: running (0\.\d+)$/gm)].map(([, progress]) => Number(progress))
  assert.equal(
    ids,
    ids.toSorted((a, b) => a - b),
  )
  await visitor.image()
  await visitor.leave()
  // An event for each change.
  return isRunning && ids.length > 2
}

/** Cancel in the middle of the POST ends the run that it started. */
async function cancelPost({ browser, url, pod }: Place): Promise<boolean> {
  const visitor = await visit(browser, url)
  const release = pod.gate.hold(visitor.groupId)
  await visitor.generate('too late')
  await until(async () => (await pod.runs(visitor.groupId)).length)
  await visitor.cancel()
  release()
  await visitor.says(/cancelled|completed/)
  const runs = await pod.runs(visitor.groupId)
  assert.is(runs.length, 1)
  const isMidway = runs[0]!.status !== 'completed'
  if (isMidway) {
    await visitor.says('cancelled')
    assert.is(runs[0]!.status, 'cancelled')
  }
  await visitor.leave()
  return isMidway
}

/** By name. */
export const checks = {
  runAndReload: {
    title: 'a run survives a reload: its progress grows, and its image is shown',
    check: midway(runAndReload),
  },
  reloadPost: { title: 'a reload in the middle of the POST starts no second run', check: reloadPost },
  cancel: { title: 'Cancel ends the run on the server', check: midway(cancel) },
  cancelPost: {
    title: 'Cancel in the middle of the POST ends the run that it started',
    check: midway(cancelPost),
  },
  keepApart: { title: 'two clicks are one run, and no other visitor sees it', check: keepApart },
  stream: { title: 'events arrive as they are sent', check: midway(stream) },
}
export type CheckName = keyof typeof checks
