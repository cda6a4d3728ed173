// The gateway on real ComfyUI servers that you started: `npm test -- --suite comfyui --url http://127.0.0.1:8188 [--url …]`.
// With several addresses also a gateway for all of them, with a worker for each but the first. `--trouble` is a command
// for the middle of that, for instance one that kills a server and starts it again.
import { assert, suite } from '#test'
import { casesFor, noLab } from '../../conformance/gatewayCases.ts'
import { loadPackages } from '../../conformance/loadPackages.ts'
import { dialects } from '../../conformance/types.ts'
import { CANARY } from '../../support/canary.ts'
import { openGateway, workflows } from '../../support/openGateway.ts'
import { createStorage } from '../../unit/gateway/records/kit.ts'
import { type Check, coreChecks } from './coreChecks.ts'
import { testCluster } from './testCluster.ts'

const { url, trouble } = JSON.parse(process.env.TEST_OPTIONS!) as { url: string[]; trouble?: string }
const urls = url.map((one) => one.replace(/\/+$/, ''))
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

for (const url of urls) {
  const { system } = (await (await fetch(`${url}/system_stats`)).json()) as any
  const classes = (await (await fetch(`${url}/object_info`)).json()) as Record<string, unknown>
  const test = suite(`${url}: ComfyUI ${system?.comfyui_version}`)
  const missing = new Set<string>()
  for (const { name, needs, run } of [...coreChecks, ...conformance]) {
    const lacks = needs.filter((type) => !Object.hasOwn(classes, type))
    for (const type of lacks) missing.add(type)
    if (!lacks.length) test(name, () => run(url))
  }
  if (missing.size)
    console.log(`[show] ${url} lacks ${[...missing].join(', ')} of test/comfyui/nodes, and does fewer cases`)
}
if (urls.length > 1) {
  const test = suite('gateways and their workers')
  const say = (line: string) => console.log(`[show] ${line}`)
  for (const gateways of [1, 2] as const) {
    test(`300 runs on all servers by ${gateways}`, async () => {
      assert.equal(await testCluster(urls, gateways, 300, trouble, say), [])
    })
  }
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
