// What polls by a history need, and how late they are, beside polls each second: the client's own pauses on a clock that is
// only counted, for many distributions of durations. Prints for each the polls a run and the mean delay of both.
import { createPollHistory } from '@flowscale/client/poller'

/** From asking to the answer, in ms; the server looks half-way. */
const trip = 30
const [runs] = process.argv.slice(2).map(Number)
/** Others than those by which the pauses were tuned. */
const seeds = [20_261, 777]

let clock = 0
Date.now = () => clock

function createRandom(seed) {
  let state = seed
  return () => {
    state = (state + 0x9e3779b9) | 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32
  }
}

/** What becomes of the durations, by how many of the runs are over. */
const changes = {
  'twice as long half-way': (index) => (index < runs / 2 ? 1 : 2),
  'half as long half-way': (index) => (index < runs / 2 ? 1 : 0.5),
  'each second run four times as long': (index) => (index % 2 ? 4 : 1),
}

/** A run of a workflow: how long it waits for others, and how long it takes. */
function draw({ medianMs, sigma, cold, queued, change }, index, random) {
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  const one = () =>
    medianMs * (changes[change]?.(index) ?? 1) * Math.exp(sigma * normal()) +
    (cold && random() < 0.1 ? 20_000 + 40_000 * random() : 0)
  let waitMs = 0
  const before = queued ? Math.floor(6 * random()) : 0
  // Of the first of them, some is over.
  for (let other = 0; other < before; other++) waitMs += one() * (other ? 1 : random())
  return { waitMs, runMs: one() }
}

/** One after the other, as `executeWorkflowAsync` polls. */
function simulateBy(seed, setting, history, tells) {
  const random = createRandom(seed)
  let polls = 0
  let delay = 0
  clock = 1_750_000_000_000
  for (let index = 0; index < runs; index++) {
    const { waitMs, runMs } = draw(setting, index, random)
    const startAt = clock + waitMs
    const endAt = startAt + runMs
    // The server's clock is another.
    const stamp = (at) => (tells ? new Date(at + 7_654).toISOString() : undefined)
    const next = history?.begin() ?? (() => 1000)
    if (history) clock += next(null)
    for (let isOver = false; ; ) {
      const at = clock + trip / 2
      clock += trip
      polls++
      isOver = at >= endAt
      const pause = next({
        status: isOver ? 'completed' : at < startAt ? 'queued' : 'running',
        started_at: at < startAt ? undefined : stamp(startAt),
        completed_at: isOver ? stamp(endAt) : undefined,
      })
      if (isOver) break
      clock += pause
    }
    delay += clock - endAt
  }
  return { polls: polls / runs, delay: delay / runs }
}

function simulate(setting, makeHistory, tells) {
  const all = seeds.map((seed) => simulateBy(seed, setting, makeHistory?.(), tells))
  const mean = (what) => all.reduce((sum, one) => sum + one[what], 0) / all.length
  return { polls: mean('polls'), delay: mean('delay') }
}

const settings = [3_000, 12_000, 45_000, 180_000].flatMap((medianMs) => [
  ...[0.1, 0.2, 0.4, 0.6].flatMap((sigma) =>
    [false, true].flatMap((cold) => [false, true].map((queued) => ({ medianMs, sigma, cold, queued }))),
  ),
  ...Object.keys(changes).map((change) => ({ medianMs, sigma: 0.2, cold: false, queued: false, change })),
])
const found = settings.map((setting) => ({
  ...setting,
  fixed: simulate(setting),
  adaptive: simulate(setting, createPollHistory, true),
  untold: simulate(setting, createPollHistory, false),
}))
console.log(JSON.stringify(found))
