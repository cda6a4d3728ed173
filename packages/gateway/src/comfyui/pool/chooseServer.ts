import { EngineError, type Input, type Workflow } from '../../engine.ts'
import { createLruCache } from '../../lruCache.ts'
import { hasOwnTimers, within } from '../../runtime.ts'
import { NoAnswer } from '../api/client.ts'
import { type Answers, askAll, type Candidate, type PoolMember } from './members.ts'

/** The longest wait for the submission before. */
const TURN_MS = 100
/** After this time, a run no longer counts as on its way: on Workers, a request may end anywhere when its caller leaves. */
const COMING_MS = 60_000
/** Whether a worker stands still is checked seldom, since the check reads the whole queue. */
const LOOK_EVERY_MS = 2_000

/** Chooses the server with the shortest queue for a run, and calls `send` with it. */
export type Choose = <T>(candidates: readonly Candidate[], send: (one: Candidate) => Promise<T>) => Promise<T>

export function createChoose(): Choose {
  /** Runs on their way to a server, and since when. */
  const coming = new Set<{ readonly member: PoolMember; readonly since: number }>()
  /** Where a workflow ran last: its models are loaded there. */
  const warm = createLruCache<PoolMember>(500)
  const lookedAt = new Map<PoolMember, number>()
  let before: Promise<unknown> = Promise.resolve()

  const isStalled = (member: PoolMember): boolean => {
    if (Date.now() - (lookedAt.get(member) ?? 0) >= LOOK_EVERY_MS) {
      lookedAt.set(member, Date.now())
      void member.container.read()
    }
    return member.container.latest().status === 'stalled'
  }

  function comingTo(member: PoolMember): number {
    for (const run of coming) if (Date.now() - run.since > COMING_MS) coming.delete(run)
    return [...coming].filter((one) => one.member === member).length
  }

  function best(answers: Answers<number>['answers'], workflowId: string): PoolMember {
    const last = warm.get(workflowId)
    const ordered = answers.map(([member, queued]) => {
      const length = queued + comingTo(member)
      // If all workers stand still, the run goes to one of them all the same. The random number: gateways that choose at
      // once must not all choose the same server.
      return { member, order: [isStalled(member) ? 1 : 0, length, member === last ? 0 : 1, Math.random()] }
    })
    ordered.sort((a, b) => {
      const at = a.order.findIndex((value, index) => value !== b.order[index])
      return at < 0 ? 0 : a.order[at]! - b.order[at]!
    })
    return ordered[0]!.member
  }

  async function pick(candidates: readonly Candidate[]): Promise<Candidate> {
    if (candidates.length === 1) return candidates[0]!
    const { answers } = await askAll(
      candidates.map(({ member }) => member),
      readLength,
    )
    const member = best(answers, candidates[0]!.workflow.listing.id)
    return candidates.find((candidate) => candidate.member === member)!
  }

  async function chooseNow<T>(
    candidates: readonly Candidate[],
    send: (one: Candidate) => Promise<T>,
  ): Promise<T> {
    const one = await pick(candidates)
    const { member, workflow } = one
    warm.set(workflow.listing.id, member)
    const run = { member, since: Date.now() }
    coming.add(run)
    try {
      return await send(one)
    } finally {
      coming.delete(run)
    }
  }

  return async (candidates, send) => {
    // One after another: a queue shows a run once its server has taken it. Where requests can't wait for each other, a
    // queue may come out longer by as many runs as are submitted at once.
    if (candidates.length === 1 || !hasOwnTimers()) return await chooseNow(candidates, send)
    const turn = within(before, TURN_MS).then(() => chooseNow(candidates, send))
    before = turn.catch(() => {})
    return await turn
  }
}

/** The number of runs that run or wait. Unlike the queue, this is a short answer. */
async function readLength({ server }: PoolMember): Promise<number> {
  const { exec_info } = Object(await server.client.read('/prompt'))
  const length: unknown = Object(exec_info).queue_remaining
  if (typeof length !== 'number') throw new NoAnswer('its queue can not be read', true)
  return length
}

/** After this time a server that lacks a class is asked again. */
const LACKS_FOR_MS = 30_000

/**
 * The servers that can run a workflow: none if there is no such workflow.
 *
 * @throws EngineError if no server can run the workflow, `NoAnswer` if a server that can may be away.
 */
type FindCandidates = (id: string) => Promise<Candidate[]>

export function createCandidates(members: readonly PoolMember[]): FindCandidates {
  const lacks = new Map<string, { readonly error: EngineError; readonly until: number }>()

  return async (id) => {
    const { answers, failure } = await askAll(members, async (member) => {
      const key = `${member.server.client.url} ${id}`
      const lack = lacks.get(key)
      if (lack && Date.now() < lack.until) return lack.error
      lacks.delete(key)
      try {
        return await member.catalog.find(id)
      } catch (error) {
        if (!(error instanceof EngineError) || error instanceof NoAnswer) throw error
        if (members.length > 1) lacks.set(key, { error, until: Date.now() + LACKS_FOR_MS })
        return error
      }
    })
    const candidates = answers.flatMap(([member, found]) =>
      found && !(found instanceof EngineError) ? [{ member, workflow: found }] : [],
    )
    if (candidates.length > 0) return candidates
    const lack = answers.map(([, found]) => found).find((found) => found instanceof EngineError)
    if (lack && failure) throw failure
    if (lack) throw lack
    return []
  }
}

/** The workflows that at least one server can run, and the others with their problem. */
export async function listWorkflows(members: readonly PoolMember[]): Promise<Workflow[]> {
  const { answers } = await askAll(members, async ({ catalog, localRecords }) => {
    const [loaded] = await Promise.all([catalog.read(), localRecords.prepare()])
    return loaded
  })
  const byId = new Map<string, Candidate[]>()
  const broken = new Map<string, Workflow>()
  for (const [member, loaded] of answers) {
    for (const { id, workflow, problem } of loaded) {
      if (workflow && !problem) byId.set(id, [...(byId.get(id) ?? []), { member, workflow }])
      else broken.set(id, { id, name: id, description: '', inputs: new Map(), outputs: new Map(), problem })
    }
  }
  for (const id of byId.keys()) broken.delete(id)
  return [...[...byId.values()].map(mergeListings), ...broken.values()]
}

/** The workflow as callers see it: with the choices of all servers. */
export function mergeListings(candidates: readonly Candidate[]): Workflow {
  const [first, ...rest] = candidates.map(({ workflow }) => workflow.listing)
  if (rest.length === 0) return first!
  const inputs = [...first!.inputs].map(([name, input]): [string, Input] => {
    const options = input.options && [input, ...rest.map((one) => one.inputs.get(name))]
    const all = options?.flatMap((one) => one?.options ?? [])
    return [name, { ...input, ...(all && { options: [...new Set(all)] }) }]
  })
  return { ...first!, inputs: new Map(inputs) }
}
