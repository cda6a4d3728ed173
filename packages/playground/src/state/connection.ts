// The connection to a server: its lists, its end, and what is wrong with the address or the key.

import { createClient, getWorkflows, parseWorkflow, type Workflow } from '@flowscale/client'
import { type Connection, connectWebSocket } from '@flowscale/client/websocket'
import { demoKey, keepKey, keepServer, keptKey, keptServer, needsKey } from './address.ts'
import { refill, showWorkflows } from './form.ts'
import { readQueueSoon, readRun, readRuns, stopQueue } from './queue.ts'
import { hasEnded, hear, note, workflowIdOf } from './runs.ts'
import {
  change,
  connectFirst,
  type Failure,
  type InputDetails,
  type PageWorkflow,
  type Session,
  state,
} from './store.ts'
import { follow } from './submit.ts'

/** Starts the connection form. Connects at once if the server is known. */
export function startConnection(): void {
  const kept = keptServer()
  const isLocal = /^(127\.0\.0\.1|localhost|\[::1\])$/.test(location.hostname)
  change({ server: kept ?? location.origin })
  const isOwnServer = state.server === location.origin
  if (isOwnServer && needsKey()) {
    change({ key: keptKey() ?? '' })
    state.key ? connect(true) : askForKey()
  } else {
    if (isLocal && isOwnServer) change({ key: demoKey })
    if (isLocal || kept) connect(true)
  }
}

/** Connects with the server and the key in the form. `isGuess`: the page chose them by itself. */
export function connect(isGuess = false): void {
  change({ ...noProblems, refusal: undefined })
  const baseUrl = state.server.trim()
  const apiKey = state.key.trim() || undefined
  const origin = JSON.stringify([baseUrl, apiKey])
  if (state.origin !== undefined && state.origin !== origin) forget()
  state.origin = origin
  const stop = new AbortController()
  try {
    // The user of the page types the key, and the page never saves it. In a page for others, use a proxy.
    const client = createClient({ baseUrl, apiKey, allowDangerouslyExposeApiKey: true })
    const session: Session = { client, stop, isGuess }
    change({ session, ...(!state.workflows.length && { workflowsWords: 'Loading …' }) })
    session.socket = openSocket(session)
    load(session)
    // Follows the runs again that were going on when the last connection ended.
    for (const run of state.runs.values()) {
      if (run.isFollowed && !hasEnded(run)) follow(session, run.id)
    }
  } catch (error) {
    forget()
    const { message } = error as Error
    const problem = message.replace(/^(baseUrl|apiKey):? /, 'It ')
    if (/^apiKey/.test(message)) change({ keyProblem: problem, ...at('key') })
    else change({ serverProblem: problem, ...at('server') })
  }
}

function openSocket(session: Session): Connection {
  return connectWebSocket(session.client, {
    signal: session.stop.signal,
    reconnectInterval: 1000,
    maxReconnectAttempts: Number.POSITIVE_INFINITY,
    onOpen: () => {
      if (session !== state.session) return
      session.isOpen = session.wasOpen = true
      change()
      load(session)
    },
    onMessage: ({ type, data }) => {
      if (session !== state.session || type !== 'run_status_update') return
      const { run_id, _id: id = run_id, preview: path } = data
      const preview = path && session.client.baseUrl + path
      const run = state.runs.get(id)
      const before = run?.status
      // A message has no inputs and no outputs. The server has them.
      if (!run) readRun(session, id)
      if (hasEnded(data) && !run?.isFollowed && !(run && hasEnded(run))) {
        note(id, { isFollowed: true })
        follow(session, id)
      } else if (hear({ ...data, preview }).status !== before) readQueueSoon(session)
    },
    onClose: () => {
      if (session !== state.session) return
      session.isOpen = false
      session.isClosed = true
      change()
      // Is it the socket alone, or the server?
      readQueueSoon(session)
    },
  })
}

/** Ends the connection as its user wants it: the tab forgets the key. */
export function leave(): void {
  keepKey(undefined)
  disconnect()
}

/** Ends the connection. Its workflows and runs stay on the page. */
function disconnect(): void {
  state.session?.stop.abort()
  stopQueue()
  change({ session: undefined })
}

/** Ends the connection, and removes the workflows, the runs and the queue of its server from the page. */
function forget(): void {
  disconnect()
  state.runs.clear()
  change({ workflows: [], containers: undefined, isFormShown: false, workflowsWords: connectFirst })
}

/** Reads workflows and runs from the server. Reads them again after an error that may pass. */
async function load(session: Session): Promise<void> {
  clearTimeout(session.retry)
  try {
    const workflows = await readWorkflows(session)
    if (session !== state.session) return
    const server = state.server.trim()
    keepServer(server)
    if (server === location.origin) keepKey(state.key.trim() || undefined)
    const isFresh = showWorkflows(workflows)
    await readRuns(session)
    if (session !== state.session) return
    const isNew = !session.hasAnswered
    session.hasAnswered = true
    session.problem = ''
    change({ ...noProblems, ...(isNew && { isConnectionShown: false }) })
    if (state.selected && !state.runs.has(state.selected)) await readRun(session, state.selected)
    const run = state.runs.get(state.selected ?? '')
    // After a reload on a phone, the form would be in view, and the run below it.
    if (isNew && session.isGuess && run) change({ scrollTo: 'stage' })
    // The address of the page names a run, such as in a link that somebody sent.
    if (isFresh && run && workflowIdOf(run) === state.workflowId) refill(run, false)
  } catch (error) {
    complain(session, error as Failure)
  }
  readQueueSoon(session)
}

/** The workflows, or an empty list if the server has no list of them. */
async function readWorkflows({ client, stop }: Session): Promise<PageWorkflow[]> {
  try {
    const { data } = await getWorkflows(client, { signal: stop.signal, maxRetries: 0 })
    return data.map(toPageWorkflow)
  } catch (error) {
    if ((error as Failure).status !== 404) throw error
    return []
  }
}

function toPageWorkflow(workflow: Workflow): PageWorkflow {
  const { id, name, description, input_details: details, names_files: namesFiles } = workflow
  const page = { id, name: name || id, description, namesFiles: Boolean(namesFiles), fields: [], outputs: [] }
  try {
    const { inputs, outputs } = parseWorkflow(workflow)
    const fields = Object.entries(inputs).map(([name, kind]) => ({
      name,
      kind,
      details: (details as Record<string, InputDetails> | undefined)?.[name],
    }))
    return { ...page, fields, outputs: Object.keys(outputs) }
  } catch (error) {
    return { ...page, problem: (error as Error).message }
  }
}

/** Shows an error, unless it belongs to a connection that is over. */
function complain(session: Session, error: Failure): void {
  if (session !== state.session) return
  const { status, body } = error
  // An error of FlowScale itself, which waits for its ComfyUI.
  const isOfFlowScale = Number(status) >= 500 && Array.isArray(body?.errors)
  if (status === 401 || status === 403) refuseKey(session)
  else if (!session.hasAnswered && !isOfFlowScale) refuseServer(error)
  else {
    session.problem = (isOfFlowScale && error.errors?.join('; ')) || error.message
    session.retry = setTimeout(() => session === state.session && load(session), 2000)
    change(state.workflows.length ? {} : { workflowsWords: 'No workflows yet.' })
  }
}

/** Opens the connection at one of its fields. */
const at = (focus: 'server' | 'key') => ({ isConnectionShown: true, focus })

const noProblems = { serverProblem: '', keyProblem: '', isKeyHint: false, trouble: undefined }

function refuseKey({ isGuess }: Session): void {
  forget()
  keepKey(undefined)
  if (isGuess) state.key = ''
  if (state.key) {
    change({ keyProblem: 'The server refuses this API key.', isKeyHint: false, ...at('key') })
  } else askForKey()
}

/** Asks for the key. This is a hint and not a problem, because the user has typed no key yet. */
const askForKey = () =>
  change({
    keyProblem: 'This server needs an API key.',
    isKeyHint: true,
    isKeyWanted: true,
    workflowsWords: 'Type the API key to see the workflows.',
    ...at('key'),
  })

function refuseServer({ status, errors }: Failure): void {
  const isElsewhere = new URL(state.server.trim(), location.href).origin !== location.origin
  const hint = isElsewhere ? 'Check the address, and whether the server allows this page (CORS).' : ''
  // The key of the proxy is wrong.
  const ofProxy = status === 424 && `${errors?.join('; ')}.`
  const unanswered = status
    ? `This is not FlowScale: it answers ${status}.`
    : `The server does not answer. ${hint}`
  forget()
  change({ serverProblem: ofProxy || unanswered, ...at('server') })
}
