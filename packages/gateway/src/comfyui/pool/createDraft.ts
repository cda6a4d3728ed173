import {
  type Draft,
  nothingStarted,
  type Run,
  type Scalar,
  type StoredFile,
  type Submission,
} from '../../engine.ts'
import { openUrl } from '../../openUrl.ts'
import { type ComfyClient, NoAnswer } from '../api/client.ts'
import { putFile } from '../api/files.ts'
import { sendRun } from '../runs/sendRun.ts'
import { type Choose, mergeListings } from './chooseServer.ts'
import type { Candidate, PoolMember } from './members.ts'

interface Wanted {
  /**
   * The servers that can run the workflow: at least one. They are looked up once for each run, so a server that comes
   * back during an upload is not chosen for that run.
   */
  readonly candidates: readonly Candidate[]
  readonly choose: Choose
  readonly inputHosts: readonly string[]
  readonly signal: AbortSignal
  readonly submitted: (member: PoolMember, run: Run) => void
}

/** A file that is on a server. */
interface Upload {
  readonly name: string
}

/** A run that is about to be submitted. Its server is chosen when the first file comes, or else when it is submitted. */
export function createDraft({ candidates, choose, inputHosts, signal, submitted }: Wanted): Draft {
  const id = crypto.randomUUID()
  let files = 0
  let sent = false
  let chosen: Promise<Candidate> | undefined
  const prefix = (): string => `flowscale-${id}-${++files}`

  const put: Draft['putFile'] = async (_input, file) => {
    chosen ??= choose(candidates, async (one) => one)
    const { member } = await chosen
    return { name: await putFile(member.server.client, prefix(), file, signal) } satisfies Upload
  }

  async function send(
    { member, workflow }: Candidate,
    runId: string,
    submission: Submission,
  ): ReturnType<Draft['submit']> {
    const answer = await sendRun(member.server, workflow, runId, submission, valuesOf(submission))
    submitted(member, answer.run)
    return answer
  }

  const submit: Draft['submit'] = async (submission) => {
    if (sent) throw new Error('A draft is submitted once')
    sent = true
    const fitting = candidates.filter((one) => fits(one, valuesOf(submission)))
    // If no server has all choices, the refusal of one of them says which choice is missing.
    const able = fitting.length > 0 ? fitting : candidates
    const host = await chosen
    if (host) {
      const same = able.find(({ member }) => member === host.member)
      if (same) return await choose([same], (one) => send(one, id, submission))
      return await choose(able, async (one) => {
        const move = (file: Upload): Promise<string> =>
          copyFile(host.member.server.client, one.member.server.client, file.name, prefix(), signal)
        return await send(one, id, { ...submission, values: await moveFiles(submission.values, move) })
      })
    }
    let runId = id
    for (let left = able; ; runId = crypto.randomUUID()) {
      const tried: Candidate[] = []
      try {
        return await choose(left, (one) => {
          tried.push(one)
          return send(one, runId, submission)
        })
      } catch (error) {
        left = left.filter((one) => !tried.includes(one))
        // A `NoAnswer` says that nothing was submitted: another server may take the run.
        if (!(error instanceof NoAnswer) || tried.length === 0 || left.length === 0) throw error
      }
    }
  }

  return {
    workflow: mergeListings(candidates),
    putFile: put,
    putUrl: async (input, address) => put(input, await openUrl(inputHosts, input, address, signal)),
    // `submit` throws a 503 only if nothing was sent.
    submit: (submission) => submit(submission).catch(nothingStarted),
  }
}

type Given = Submission['values'][string]

const isUpload = (value: unknown): value is Upload => typeof value === 'object'

/** A file's value is its name on the server. */
const nameOf = (value: Scalar | StoredFile): Scalar => (isUpload(value) ? value.name : (value as Scalar))

function valuesOf({ values }: Submission): Record<string, Scalar | Scalar[]> {
  const entries = Object.entries<Given>(values)
  return Object.fromEntries(
    entries.map(([name, value]) => [
      name,
      Array.isArray(value) ? value.map(nameOf) : nameOf(value as Scalar),
    ]),
  )
}

/** Whether a server has all choices that were sent, and the choices of the graph in all other fields. */
function fits({ workflow }: Candidate, values: ReturnType<typeof valuesOf>): boolean {
  if (workflow.missingChoices.some(({ input = '' }) => !Object.hasOwn(values, input))) return false
  return Object.entries(values).every(([name, value]) => {
    const options = workflow.inputs.get(name)?.options
    return !options || [value].flat().every((one) => options.includes(one))
  })
}

/** The same values, with the names that `move` gives to files. */
async function moveFiles(
  values: Submission['values'],
  move: (file: Upload) => Promise<string>,
): Promise<Submission['values']> {
  const moved = async (value: Scalar | StoredFile): Promise<Scalar | Upload> =>
    isUpload(value) ? { name: await move(value) } : (value as Scalar)
  const entries = Object.entries<Given>(values).map(async ([name, value]) => {
    return [name, Array.isArray(value) ? await Promise.all(value.map(moved)) : await moved(value as Scalar)]
  })
  return Object.fromEntries(await Promise.all(entries))
}

/** Copies an upload from one server to another, and gives its name there. */
async function copyFile(
  from: ComfyClient,
  to: ComfyClient,
  name: string,
  prefix: string,
  signal: AbortSignal,
): Promise<string> {
  const path = name.split('/')
  const filename = path.pop()!
  const query = new URLSearchParams({ filename, subfolder: path.join('/'), type: 'input' })
  const { status, body } = await from.open(`/view?${query}`, { signal })
  if (status !== 200 || !body) throw new NoAnswer(`status ${status} for an upload`, true)
  return await putFile(to, prefix, { name: filename, type: '', body }, signal)
}
