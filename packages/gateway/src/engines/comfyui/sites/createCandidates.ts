import { ask } from '../../../comfyui/pool/members.ts'
import type { Input, Workflow } from '../../../engine.ts'
import { EngineError } from '../../../engineErrors.ts'
import { NoAnswer } from '../server/NoAnswer.ts'
import type { Candidate, Site } from './types.ts'

/** A server that lacks a class is asked again after so many ms. */
const LACKS_FOR_MS = 30_000

/**
 * The servers that can run a workflow: none where there is no such workflow.
 *
 * @throws EngineError for one that no server can run, `NoAnswer` where one that can may be away.
 */
export type FindCandidates = (id: string) => Promise<Candidate[]>

export function createCandidates(sites: readonly Site[]): FindCandidates {
  const lacks = new Map<string, { readonly error: EngineError; readonly until: number }>()

  return async (id) => {
    const { answers, failure } = await ask(sites, async (site) => {
      const key = `${site.server.url} ${id}`
      const lack = lacks.get(key)
      if (lack && Date.now() < lack.until) return lack.error
      lacks.delete(key)
      try {
        return await site.workflows.find(id)
      } catch (error) {
        if (!(error instanceof EngineError) || error instanceof NoAnswer) throw error
        if (sites.length > 1) lacks.set(key, { error, until: Date.now() + LACKS_FOR_MS })
        return error
      }
    })
    const candidates = answers.flatMap(([site, found]) =>
      found && !(found instanceof EngineError) ? [{ site, workflow: found }] : [],
    )
    if (candidates.length > 0) return candidates
    const lack = answers.map(([, found]) => found).find((found) => found instanceof EngineError)
    if (lack && failure) throw failure
    if (lack) throw lack
    return []
  }
}

/** As callers see it: a choice that one server has is a choice. */
export function showCandidates(candidates: readonly Candidate[]): Workflow {
  const [first, ...rest] = candidates.map(({ workflow }) => workflow.shown)
  if (rest.length === 0) return first!
  const inputs = [...first!.inputs].map(([name, input]): [string, Input] => {
    const options = input.options && [input, ...rest.map((one) => one.inputs.get(name))]
    const all = options?.flatMap((one) => one?.options ?? [])
    return [name, { ...input, ...(all && { options: [...new Set(all)] }) }]
  })
  return { ...first!, inputs: new Map(inputs) }
}
