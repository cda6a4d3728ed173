// What outlives a reload: the address of the page (#workflow=ID&run=ID), the last server, its key, the form, and the
// workflows and siblings of runs.

import type { Given } from './store.ts'

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

/** Reads a text that this tab keeps. */
function read(name: string): string | undefined {
  try {
    return sessionStorage.getItem(`flowscale-playground-${name}`) ?? undefined
  } catch {
    // This browser stores nothing.
    return undefined
  }
}

/** Keeps a text for this tab; `undefined` removes it. */
function keep(name: string, text: string | undefined): void {
  try {
    if (text === undefined) sessionStorage.removeItem(`flowscale-playground-${name}`)
    else sessionStorage.setItem(`flowscale-playground-${name}`, text)
  } catch {
    // After a reload the user types it again.
  }
}

/** The last server of this tab. */
export const keptServer = (): string | undefined => read('server')
export const keepServer = (url: string): void => keep('server', url)

/** Whether the server of this page has said that it needs a key. */
export const needsKey = (): boolean => 'needsKey' in document.documentElement.dataset

/** The key of the server of this page, for this tab alone. A key of another server is never kept. */
export const keptKey = (): string | undefined => (needsKey() ? read('key') : undefined)
export const keepKey = (key: string | undefined): void => keep('key', key)

/** The form as it was left: a workflow, its inputs, and those that were files, of which only the names are kept. */
export interface KeptForm {
  workflow: string
  given: Given
  files: string[]
}

/** The form of this tab before a reload. It is given once. */
export function takeKeptForm(): KeptForm | undefined {
  const text = read('form')
  keep('form', undefined)
  return text === undefined ? undefined : JSON.parse(text)
}
export const keepForm = (form: KeptForm): void => keep('form', JSON.stringify(form))

const runsKey = 'flowscale-playground-runs'

/** A run, its workflow, and the first of the runs that one click started. Some servers don't name the workflow of a run. */
type KeptRun = [id: string, workflowId: string, first?: string | undefined]

let keptRuns = new Map<string, KeptRun>()
export const keptWorkflowId = (runId: string): string | undefined => keptRuns.get(runId)?.[1]

/** The ids of the runs that one click started together with a run, in their order; none for a run of its own. */
export function keptSiblings(runId: string): string[] {
  const first = keptRuns.get(runId)?.[2]
  return first ? [...keptRuns.values()].flatMap(([id, , its]) => (its === first ? [id] : [])) : []
}

/** Reads the kept runs, of this tab and of others. */
export function readKeptRuns(): void {
  try {
    const all: KeptRun[] = JSON.parse(localStorage.getItem(runsKey) ?? '[]')
    keptRuns = new Map(all.map((run) => [run[0], run]))
  } catch {
    keptRuns = new Map()
  }
}

/** Saves the workflow and the siblings of a run in this browser, for the last 300 runs. */
export function keepRun(...run: KeptRun): void {
  keptRuns.delete(run[0])
  keptRuns.set(run[0], run)
  try {
    localStorage.setItem(runsKey, JSON.stringify([...keptRuns.values()].slice(-300)))
  } catch {
    // A browser that stores nothing forgets it at the next reload.
  }
}
