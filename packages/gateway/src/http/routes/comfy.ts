// Answers about servers, the queue and workflows.
import { type Container, mayRun, maySee, type QueueEntry, type Workflow } from '../../engine.ts'
import { failure, success } from '../answers.ts'
import type { Dialect } from '../operations.ts'
import type { ApiRequest } from '../types.ts'

export async function getWorkflows({ api: { engine, dialect }, caller }: ApiRequest): Promise<Response> {
  const workflows = (await engine.workflows()).filter(({ id }) => mayRun(caller, id))
  const listed = workflows.filter(({ problem }) => problem === undefined)
  const list = listed.map((workflow) => rowOf(dialect, workflow))
  const problems = workflows.flatMap(({ id, problem }) => (problem === undefined ? [] : [{ id, problem }]))
  const data = dialect === 'python' ? { workflows: list } : list
  return success(data, problems.length > 0 ? { problems } : undefined)
}

export async function getWorkflow({ api: { engine, dialect }, caller, id }: ApiRequest): Promise<Response> {
  const workflow = (await engine.workflows()).find((one) => one.id === id)
  if (!workflow || !mayRun(caller, id)) return failure(dialect, 404, 'Workflow not found')
  const { problem } = workflow
  return problem === undefined
    ? success(rowOf(dialect, workflow))
    : failure(dialect, 404, `The workflow can't run: ${problem}`)
}

function rowOf(dialect: Dialect, workflow: Workflow): object {
  const { id, name, description, inputs, outputs, namesFiles } = workflow
  const isPython = dialect === 'python'
  const kinds = Object.fromEntries([...inputs].map(([input, { kind }]) => [input, kind]))
  return {
    ...(isPython ? { workflow_id: id } : { id }),
    name,
    description,
    inputs: isPython ? kinds : spaced(kinds),
    outputs: isPython ? [...outputs.keys()] : spaced(Object.fromEntries(outputs)),
    // Fields that the published API lacks: its readers ignore them.
    ...details(inputs),
    ...(namesFiles && { names_files: true }),
  }
}

/** JSON on one line with spaces, as the published README shows it. */
function spaced(value: object): string {
  return JSON.stringify(value, null, 1).replace(/\n\s*/g, ' ')
}

/** The usual facts, which are not sent. */
const USUAL: Readonly<Record<string, unknown>> = { required: true, array: false, integer: false }

/** The facts about the inputs, except their kinds. */
function details(inputs: Workflow['inputs']): object {
  const facts = [...inputs].map(([name, { kind, aliases, ...rest }]) => {
    // Without a role in the answer, a name such as `prompt` says the role.
    const usual = { ...USUAL, role: name }
    const unusual = Object.entries(rest).filter(([key, value]) => value !== usual[key as 'role'])
    return [name, Object.fromEntries(unusual)] as const
  })
  // An empty object is sent, too: it says that the input is required.
  return facts.length ? { input_details: Object.fromEntries(facts) } : {}
}

export async function checkHealth({ api: { engine, dialect } }: ApiRequest): Promise<Response> {
  const containers = await engine.containers()
  const servers = containers.filter(({ isQueue }) => !isQueue)
  const answer = success(
    servers.map(({ name, url, status, reason }) => ({
      ...(dialect !== 'openapi' && { container: name }),
      ...(dialect !== 'readme' && { url }),
      // Only the README has the status `idle`.
      status: status === 'idle' && dialect !== 'readme' ? 'running' : status,
      ...reasonOf({ status, reason }),
    })),
  )
  // A header: a proxy that does not pass on the key does not pass on this promise either.
  if (engine.findKey) answer.headers.set('x-idempotency', 'kept')
  return answer
}

/** Why a server gets no runs. */
function reasonOf({ status, reason }: Pick<Container, 'status' | 'reason'>): { reason?: string } {
  if (reason !== undefined) return { reason }
  return status === 'stopped' ? { reason: 'does not answer' } : {}
}

export async function getQueue({ api: { engine, dialect }, caller }: ApiRequest): Promise<Response> {
  const containers = await engine.containers()
  const shown = ([number, id, owner]: QueueEntry): QueueEntry => [
    number,
    maySee(caller, owner) ? id : 'other',
  ]
  return success(
    containers.map(({ name, url, running, pending, waiting, ...state }) => ({
      ...(dialect !== 'openapi' && { container: name }),
      ...(dialect !== 'readme' && { comfy_uri: url }),
      ...reasonOf(state),
      queue: {
        queue_running: running.map(shown),
        queue_pending: pending.map(shown),
        ...(waiting !== undefined && { queue_remaining: waiting }),
      },
    })),
  )
}
