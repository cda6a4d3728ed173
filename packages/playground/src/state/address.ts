// What outlives a reload: the address of the page (#workflow=ID&run=ID), the last server, and which workflow a run is of.

/** The key of every emulator, which is no secret. */
export const demoKey = 'fsk_local_demo_key'

/** The ids in the address of the page. */
export function readAddress(): { workflow: string | undefined; run: string | undefined } {
  const parts = new URLSearchParams(location.hash.slice(1))
  return { workflow: parts.get('workflow') || undefined, run: parts.get('run') || undefined }
}

/** Puts the workflow and the run into the address. Back leads to the previous run; a workflow alone is no step. */
export function writeAddress({ workflow, run }: ReturnType<typeof readAddress>): void {
  const hash = `#${new URLSearchParams({ ...(workflow && { workflow }), ...(run && { run }) })}`
  if (hash === (location.hash || '#')) return
  history[run && run !== readAddress().run ? 'pushState' : 'replaceState'](null, '', hash)
}

const serverKey = 'flowscale-playground-server'
const runsKey = 'flowscale-playground-runs'

/** The last server of this tab. */
export function keptServer(): string | undefined {
  try {
    return sessionStorage.getItem(serverKey) ?? undefined
  } catch {
    // This browser stores nothing.
    return undefined
  }
}

/** Saves the address of the server for this tab. The key is never saved. */
export function keepServer(url: string): void {
  try {
    sessionStorage.setItem(serverKey, url)
  } catch {
    // The user types the address again after a reload.
  }
}

/** The ids of workflows by the ids of their runs. Some servers don't say which workflow a run is of. */
let workflowIds = new Map<string, string>()
export const keptWorkflowId = (runId: string): string | undefined => workflowIds.get(runId)

/** Reads the workflows of runs, of this tab and of others. */
export function readKeptRuns(): void {
  try {
    workflowIds = new Map(JSON.parse(localStorage.getItem(runsKey) ?? '[]'))
  } catch {
    workflowIds = new Map()
  }
}

/** Saves the workflow of a run in this browser, for the last 300 runs. */
export function keepRun(runId: string, workflowId: string): void {
  workflowIds.delete(runId)
  workflowIds.set(runId, workflowId)
  try {
    localStorage.setItem(runsKey, JSON.stringify([...workflowIds].slice(-300)))
  } catch {
    // A browser that stores nothing forgets it at the next reload.
  }
}
