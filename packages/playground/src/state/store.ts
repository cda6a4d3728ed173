// All that the page knows. The other files of this folder change it; the files of `view/` draw it.

import type { Client, ContainerQueue, WorkflowKind } from '@flowscale/client'
import type { Connection } from '@flowscale/client/websocket'

/** The connection in use. */
export interface Session {
  client: Client
  /** Ends the requests of this connection. */
  stop: AbortController
  socket?: Connection
  /** The page chose server and key by itself. */
  isGuess: boolean
  isOpen?: boolean
  wasOpen?: boolean
  isClosed?: boolean
  /** The server did not answer the last look at the queue. */
  isLost?: boolean
  /** This server is FlowScale. */
  hasAnswered?: boolean
  /** The containers that do not answer, as a sentence. */
  away?: string
  /** Why the lists could not be read. */
  problem?: string
  retry?: ReturnType<typeof setTimeout>
}

/** What a server says about an input besides its kind. */
export interface InputDetails {
  required?: boolean
  default?: unknown
  description?: string
  array?: boolean
  options?: unknown[]
  min?: number
  max?: number
  integer?: boolean
}

export interface PageWorkflow {
  id: string
  name: string
  description: string
  fields: { name: string; kind: WorkflowKind; details: InputDetails | undefined }[]
  outputs: string[]
  /** Whether files are named after their outputs. */
  namesFiles: boolean
  /** Why its inputs could not be read. */
  problem?: string
}

/** A field of the form. */
export interface Field {
  /** The id of its control, with which other ids begin. */
  id: string
  name: string
  kind: WorkflowKind
  details: InputDetails | undefined
  /** The user typed the name. */
  isRow: boolean
  /** What the control shows; of a choice, its place in the list. */
  text: string
  files: File[]
  /** The names of files that have to be chosen again. */
  lost?: string[] | undefined
  problem: string
  /** The browser can't read what the user typed. */
  isUnreadable?: boolean
}

export interface PageOutput {
  filename: string
  download_url: string | null
  /** The text of a file of text, once it was read. */
  text?: string
  /** Why there is no fresh link. */
  problem?: string
}

/** Names and values. */
export type Given = [name: string, value: unknown][]

/** A run that the page has seen, its own or another's. */
export interface PageRun {
  id: string
  /** As the server says it, or `lost`. */
  status: string
  progress: number
  outputs: PageOutput[]
  errors: string[]
  /** The inputs as the server has them. */
  inputs: Given
  /** The inputs as the form sent them, with files. */
  sent?: Given
  workflowId?: string
  /** When the run was submitted and when it ended, in ms. */
  at: number
  endedAt?: number | undefined
  /** How long it took without the queue, in ms, by the clock of the server. */
  tookMs?: number
  /** How many runs are before it. */
  ahead?: number
  /** The node at work, and the last three. */
  node?: string
  nodes?: string[]
  /** The address of the latest picture of a run at work. */
  preview?: string | undefined
  /** The page waits for its end. */
  isFollowed?: boolean
  isCancelling?: boolean
}

/** A text for a live region. A new object is read aloud again, though the text is the same. */
export interface Notice {
  text: string
}

/** Texts to copy by their names. A function reads its text from the server. */
export type Texts = Record<string, string | (() => Promise<string>)>

export interface State {
  // The connection
  server: string
  key: string
  isConnectionShown: boolean
  serverProblem: string
  keyProblem: string
  /** The problem of the key is a request, because the user has typed none. */
  isKeyHint: boolean
  /** A server has asked for a key. */
  isKeyWanted: boolean
  session?: Session | undefined
  /** The server and the key that the lists are from. */
  origin?: string | undefined

  // The lists
  workflows: PageWorkflow[]
  /** The words below the list of workflows, such as why it is empty. */
  workflowsWords: string
  runs: Map<string, PageRun>
  /** `stopped` is the reason why the container has stopped. */
  containers?: (ContainerQueue & { stopped: string | undefined; isShared: boolean })[] | undefined

  // The form
  isFormShown: boolean
  workflowId?: string | undefined
  workflowIdProblem: string
  /** The workflow that `fields` are of; empty while the user types names. */
  fieldsOf?: string | undefined
  fields: Field[]
  /** The fields for a server that lists no workflows. */
  rows: Field[]
  refusal?: Notice | undefined
  /** Where the values in the form are from, and what is missing. */
  filled?: Notice | undefined
  isSubmitting: boolean

  // The runs
  /** The id of the run on the stage. */
  selected?: string | undefined
  find: string
  status: string
  shownRuns: number

  // The dialogs
  reader?: { title: string; texts: Texts } | undefined
  /** The output in the gallery. */
  gallery?: PageOutput | undefined
  /** The ids of the two runs that are compared. */
  compared?: readonly [string, string] | undefined

  trouble?: Notice | undefined
  /** For screen readers alone. */
  said?: Notice | undefined
  /** Ids of elements that get the focus or come into view once the page is drawn. */
  focus?: string | undefined
  scrollTo?: string | undefined
}

export const connectFirst = 'Connect to see the workflows.'

export const state: State = {
  server: '',
  key: '',
  isConnectionShown: false,
  serverProblem: '',
  keyProblem: '',
  isKeyHint: false,
  isKeyWanted: false,
  workflows: [],
  workflowsWords: connectFirst,
  runs: new Map(),
  isFormShown: false,
  workflowIdProblem: '',
  fields: [],
  rows: [],
  isSubmitting: false,
  find: '',
  status: '',
  shownRuns: 12,
}

let draw = (): void => {}
let isDue = false

/** Sets the function that draws the page. */
export function onChange(listener: () => void): void {
  draw = listener
}

/** Changes the state, and draws the page once for all changes of the same task. */
export function change(news: Partial<State> = {}): void {
  Object.assign(state, news)
  if (isDue) return
  isDue = true
  queueMicrotask(() => {
    isDue = false
    draw()
  })
}

/** Lets a screen reader say a text. */
export const say = (text: string): void => change({ said: { text } })

/** The error of a request, as far as the page looks into it. */
export interface Failure extends Error {
  code?: string
  status?: number | string
  body?: { errors?: unknown } | null
  errors?: string[]
}
