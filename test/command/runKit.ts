// A pod and a folder for each test of a verb that runs, waits or saves.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EmulatorOptions } from '@flowscale/emulator'
import type { Test } from '#test'
import { pod } from '../examples/kit.ts'
import { type Servers, suiteWithServers } from '../support/suiteWithServers.ts'
import type { Ended } from './kit.ts'

export type Pod = Awaited<ReturnType<typeof pod>>

export interface Place {
  readonly pod: Pod
  /** An empty folder. */
  readonly cwd: string
  readonly env: Record<string, string>
}

/** A suite whose cases each get an emulator that is fast, and an empty folder; `open` gives others. */
export function suiteWithPod(
  name: string,
): Test<Servers & Place & { open(options: EmulatorOptions): Promise<Place> }> {
  const test: ReturnType<typeof suiteWithPod> = suiteWithServers(name)
  test.before.each(async (context) => {
    context.open = async (options) => {
      const own = await pod({ speed: 200, ...options })
      const cwd = mkdtempSync(join(tmpdir(), 'flowscale-run-'))
      context.atEnd(() => rmSync(cwd, { recursive: true, force: true }))
      context.atEnd(own.close)
      return { pod: own, cwd, env: own.env }
    }
    Object.assign(context, await context.open({}))
  })
  return test
}

/** Every file below a folder, those that are hidden, too. */
export const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1))
    .sort()

/** The JSON of each line of stdout. */
export const linesOf = ({ stdout }: Pick<Ended, 'stdout'>): any[] =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))

/** The id of the one run that a pod has started. */
export function onlyRun({ emulator }: Pod): string {
  const { runs } = emulator.ledger
  if (runs.length !== 1) throw new Error(`${runs.length} runs were started`)
  return runs[0]!.runId
}

/**
 * A server with one run that is done, whose outputs have the names given here, and which may start others with it. It lists
 * no workflows and no runs.
 */
export async function serveOutputs(
  listen: Servers['listen'],
  filenames: readonly string[],
  ...others: string[]
) {
  const runId = '5c1e77aa-0001'
  const server = await listen((request, response) => {
    const { pathname } = new URL(request.url!, 'http://localhost')
    const file = /^\/files\/(\d+)$/.exec(pathname)
    if (file) return void response.end(`file ${file[1]}`)
    const outputs = filenames.map((filename, index) => ({ filename, url: `${server.url}/files/${index}` }))
    const answers: Record<string, unknown> = {
      'GET /api/v1/runs': [],
      'POST /api/v1/runs': [runId, ...others].map((run_id) => ({ run_id })),
      [`GET /api/v1/runs/${runId}`]: { _id: runId, status: 'completed', inputs: [], outputs },
    }
    const data = answers[`${request.method} ${pathname}`]
    request.resume()
    response.statusCode = data ? 200 : 404
    response.setHeader('content-type', 'application/json')
    response.end(
      JSON.stringify(data ? { status: 'success', data } : { status: 'error', errors: ['Not Found'] }),
    )
  })
  return { ...server, runId, env: { FLOWSCALE_API_URL: server.url } }
}
