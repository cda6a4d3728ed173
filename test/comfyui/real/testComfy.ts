import { casesFor, noLab } from '../../conformance/gatewayCases.ts'
import { loadPackages } from '../../conformance/loadPackages.ts'
import { dialects } from '../../conformance/types.ts'
import { CANARY } from '../../support/canary.ts'
import { openGateway, workflows } from '../../support/openGateway.ts'
import { createStorage } from '../../unit/gateway/records/createStorage.ts'
import { type Check, coreChecks } from './coreChecks.ts'

export interface Count {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/** Every check that a ComfyUI may be put to. */
export async function listChecks(): Promise<readonly Check[]> {
  const packages = await loadPackages()
  const needs = [
    ...new Set(
      workflows.flatMap(({ graph }) => Object.values(graph as any).map((node: any) => node.class_type)),
    ),
  ]
  const conformance = dialects.flatMap((dialect) =>
    casesFor('HTTP', dialect).map(
      ({ operation, name, run }): Check => ({
        name: `${operation}: ${name} (${dialect})`,
        needs,
        async run(comfyUrl) {
          // Of its own: a case expects no runs of others in a list.
          const storage = createStorage()
          const isOwn = (runId: string) => [...storage.items.keys()].some((key) => key.includes(runId))
          const { url, close } = await openGateway(comfyUrl, { dialect, storage })
          try {
            const options = { baseUrl: url, apiKey: CANARY }
            await run({ ...packages, dialect, options, containers: 1, lab: noLab })
          } finally {
            await close()
            await stop(comfyUrl, isOwn)
          }
        },
      }),
    ),
  )
  return [...coreChecks, ...conformance]
}

/** Puts a ComfyUI to what it has the nodes for, one after another. */
export async function testComfy(url: string, say: (line: string) => void): Promise<Count> {
  const { system } = (await (await fetch(`${url}/system_stats`)).json()) as any
  const classes = (await (await fetch(`${url}/object_info`)).json()) as Record<string, unknown>
  say(`${url}: ComfyUI ${system?.comfyui_version}, ${Object.keys(classes).length} node classes`)
  const count = { passed: 0, failed: 0, skipped: 0 }
  const missing = new Set<string>()
  for (const { name, needs, run } of await listChecks()) {
    const lacks = needs.filter((type) => !Object.hasOwn(classes, type))
    for (const type of lacks) missing.add(type)
    if (lacks.length) {
      count.skipped++
      continue
    }
    try {
      await run(url)
      count.passed++
      say(`✔ ${name}`)
    } catch (error) {
      count.failed++
      say(`✖ ${name}: ${error instanceof Error ? error.stack : error}`)
    }
  }
  if (missing.size)
    say(
      `${count.skipped} skipped: the server lacks ${[...missing].join(', ')}; they are in test/comfyui/nodes`,
    )
  return count
}

/** Ends what a case left in the queue: the next one would wait for it. Runs of others stay. */
async function stop(url: string, isOwn: (runId: string) => boolean): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const queue = (await (await fetch(`${url}/queue`)).json()) as Record<string, any[]>
    const own = Object.values(queue).flatMap((items) => items.map(([, id]) => id).filter(isOwn))
    if (own.length === 0) return
    const post = (path: string, body: object) =>
      fetch(url + path, { method: 'POST', body: JSON.stringify(body) })
    await post('/queue', { delete: own })
    for (const prompt_id of own) await post('/interrupt', { prompt_id })
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
