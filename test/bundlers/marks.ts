/** What each part alone has in it, and minifiers keep. The check of the checks: each of them must be in the whole. */
export const marks = {
  operations: [
    'workflow_id',
    'output_names',
    'download_url',
    'group_id',
    'sort_by',
    '/cancel',
    'comfy/workflows',
  ],
  poller: ['pollIntervalMs', 'cancelOn', 'maxPolls', 'onSubmitted'],
  websocket: ['maxReconnectAttempts', 'isomorphic-ws'],
  logger: ['[Flowscale '],
  proxy: ['maxBodyBytes', 'sec-fetch-site'],
  typed: ['made by defineWorkflow'],
  events: ['event-stream'],
  store: ['flowscale-run'],
  webhook: ['webhook-timestamp'],
  /** Of uploads on Node. */
  upload: ['redirect mode'],
} satisfies Record<string, string[]>

type Part = keyof typeof marks

/** The marks of all parts except `parts` and uploads, which every bundle for Node may have. */
export const marksBut = (...parts: Part[]): string[] =>
  Object.entries(marks).flatMap(([part, words]) =>
    part === 'upload' || parts.includes(part as Part) ? [] : words,
  )
