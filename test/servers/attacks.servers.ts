// What somebody may try against a gateway: each attack gets its answer, and none reaches the ComfyUI behind it with
// anything that it should not.
import { AsyncLocalStorage } from 'node:async_hooks'
import { randomUUID } from 'node:crypto'
import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient, executeWorkflow, getRun } from '@flowscale/client'
import { waitForRun } from '@flowscale/client/poller'
import { comfyui, createGateway, type Gateway } from '@flowscale/gateway'
import { folderQueue, serve } from '@flowscale/gateway/node'
import { suite } from '#test'
import { startComfy } from '../comfyui/server/startComfy.ts'
import { CANARY } from '../support/canary.ts'
import { workflows } from '../support/openGateway.ts'
import { files } from './attacks/files.ts'
import { forms } from './attacks/forms.ts'
import { keys } from './attacks/keys.ts'
import { paths } from './attacks/paths.ts'
import { strangers } from './attacks/strangers.ts'
import type { Answer, Attack, Target } from './attacks/types.ts'
import { MOST_WORKERS, workers } from './attacks/workers.ts'

const attacks: readonly Attack[] = [...paths, ...keys, ...forms, ...files, ...strangers, ...workers]
const versions = ['0.3.64', '0.8.0'] as const
const portOf = (url: string): number => Number(new URL(url).port)

/** Why the gateway is at work: for an attack, by its number. What it does later for that attack counts as well. */
const cause = new AsyncLocalStorage<string>()
const ITSELF = 'itself'
let current = ITSELF
/** What the gateway asks of ComfyUI by itself. */
const OWN = /^(GET \/(queue|history\/|userdata)|(POST|DELETE) \/userdata)/

/** Whatever comes in is caused by the attack that goes on. */
function noted(gateway: Gateway): Gateway {
  const { handle, stateOf, follow } = gateway
  return {
    ...gateway,
    handle: (...args) => cause.run(current, () => handle(...args)),
    stateOf: (...args) => cause.run(current, () => stateOf(...args)),
    follow: (id) => cause.run(current, () => follow!(id)),
  }
}

interface Opened {
  readonly target: Target
  /** A stranger starts a run that takes long. */
  goOn(): Promise<void>
  close(): Promise<void>
}

async function openTarget(version: (typeof versions)[number]): Promise<Opened> {
  const comfy = await startComfy({ version })
  const prompts: unknown[] = []
  const engine = comfyui({
    url: comfy.url,
    async fetch(url, init) {
      const sent = new Request(url, init)
      sent.headers.set('x-cause', cause.getStore() ?? 'unknown')
      if (new URL(sent.url).pathname === '/prompt') prompts.push(await sent.clone().json())
      return await fetch(sent)
    },
  })
  const gateway = createGateway({ engine, workflows, apiKey: CANARY, maxBodyBytes: 30_000_000 })
  const served = await serve(noted(gateway))
  const bare = createGateway({ engine, workflows, apiKey: null })
  const open = await serve(noted(bare))
  const folder = mkdtempSync(join(tmpdir(), 'attacks-'))
  const dialled = createGateway({
    engine: comfyui({ workers: true, maxWorkers: MOST_WORKERS }),
    queue: folderQueue({ folder }),
    workflows,
    apiKey: CANARY,
    workerKey: `${CANARY}-of-workers`,
  })
  const forWorkers = await serve(noted(dialled))

  const client = createClient({ baseUrl: served.url, apiKey: CANARY })
  const own: Target['own'][number][] = []
  for (const text of ['mine', 'yours']) {
    const { data } = await executeWorkflow(client, 'quick', { text })
    await waitForRun(client, data.run_id, { pollIntervalMs: 20 })
    const [output] = (await getRun(client, data.run_id)).data.outputs
    own.push({ id: data.run_id, file: output!.filename!, link: output!.url! })
  }
  const foreign = { over: randomUUID(), running: randomUUID(), file: '' }
  const submit = async (id: string, seconds: number): Promise<void> => {
    const graph = structuredClone(workflows.find(({ name }) => name === 'slow')!.graph) as any
    graph['2'].inputs.seconds = seconds
    await fetch(`${comfy.url}/prompt`, {
      method: 'POST',
      body: JSON.stringify({ prompt: graph, prompt_id: id }),
    })
  }
  await submit(foreign.over, 0)
  while (!foreign.file) {
    await new Promise((resolve) => setTimeout(resolve, 20))
    foreign.file = readdirSync(join(comfy.folder, 'output')).find((name) => name.startsWith('slow')) ?? ''
  }
  return {
    target: {
      comfy,
      prompts,
      key: CANARY,
      gateway,
      port: portOf(served.url),
      openPort: portOf(open.url),
      workersPort: portOf(forWorkers.url),
      own,
      foreign,
    },
    // What goes on holds up all others.
    goOn: () => submit(foreign.running, 600),
    async close() {
      for (const one of [gateway, bare, dialled]) await one.close()
      await Promise.all([served, open, forWorkers].map((one) => one.close()))
      await comfy.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Neither the key nor where ComfyUI is may be told to anybody. */
function checkSecrets({ comfy, key }: Target, { headers, body }: Answer): void {
  const told = `${headers}\n${body}`
  if (told.includes(key)) throw new Error('the answer shows the key')
  if (told.includes(String(comfy.port)) || told.includes(comfy.folder))
    throw new Error(`the answer shows where ComfyUI is: ${told.slice(0, 500)}`)
}

/** What the gateway asks before any submission, to see that ComfyUI answers. */
const ASKS = /^GET \/history\/00000000-0000-4000-8000-000000000000$/

/** What ComfyUI should not have seen of an attack: of all that it caused, and of what came without a known cause. */
function oddOf({ comfy }: Target, { may }: Attack, number: string, since: number): string[] {
  return comfy.requests.flatMap(({ method, path, cause }, index) => {
    const request = `${method} ${path}`
    if (cause === number) return may?.test(request) || ASKS.test(request) ? [] : [request]
    const isOther = index < since || attacks[Number(cause)] || (cause === ITSELF && OWN.test(request))
    return isOther ? [] : [`${request} (${cause})`]
  })
}

for (const version of versions) {
  const test = suite(`gateway attacks, ${version}`)
  let opened: Opened
  let reached = 0
  test.before(async () => {
    current = ITSELF
    opened = await cause.run(ITSELF, () => openTarget(version))
  })
  test.after(async () => {
    await opened.close()
  })
  for (const [index, attack] of attacks.entries()) {
    const { what, run } = attack
    test(what, async () => {
      const { target } = opened
      if (what === strangers[0]!.what) await opened.goOn()
      const since = target.comfy.requests.length
      current = String(index)
      const answer = await run(target)
      const odd = oddOf(target, attack, current, since)
      if (odd.length) reached++
      if (odd.length) throw new Error(`it reached ComfyUI: ${odd.slice(0, 5).join(', ')}`)
      checkSecrets(target, answer)
    })
  }
  test('nothing came later', () => {
    const { target } = opened
    const late = attacks.flatMap((attack, index) =>
      oddOf(target, attack, String(index), target.comfy.requests.length).map(
        (request) => `${attack.what}: ${request}`,
      ),
    )
    if (late.length) throw new Error(`it reached ComfyUI: ${late.slice(0, 5).join(', ')}`)
  })
  test('strangers still have their runs', async () => {
    const { comfy, foreign } = opened.target
    const { queue_running } = (await (await fetch(`${comfy.url}/queue`)).json()) as any
    if (queue_running[0]?.[1] !== foreign.running) throw new Error('the run that went on is gone')
    console.log(`[show] ${version}: ${attacks.length} attacks, ${reached} reached ComfyUI`)
    // The names of all, once.
    if (version === versions[0]) for (const { what } of attacks) console.log(`  ${what}`)
  })
}

const test = suite('gateway attacks, pages')
test('an output that a browser would run is an attachment, and nothing of it runs', async () => {
  for (const [ending, isPage] of [
    ['svg', true],
    ['html', true],
    ['xml', true],
    ['png', false],
  ] as const) {
    const comfy = await startComfy({ version: '0.8.0' })
    // No node of the small ComfyUI writes such a file.
    const engine = comfyui({
      url: comfy.url,
      async fetch(url, init) {
        const response = await fetch(url, init)
        if (!String(url).includes('/history/')) return response
        return new Response((await response.text()).replaceAll('.png"', `.${ending}"`))
      },
    })
    const gateway = createGateway({ engine, workflows, apiKey: CANARY })
    try {
      const client = createClient({ baseUrl: gateway.url, apiKey: CANARY, fetch: gateway.fetch })
      const { data } = await executeWorkflow(client, 'bncu0a1kipv', { text_51536: 'a' })
      const run = await waitForRun(client, data.run_id, { pollIntervalMs: 20 })
      const output = join(comfy.folder, 'output')
      for (const name of readdirSync(output)) {
        if (name.endsWith('.png')) copyFileSync(join(output, name), join(output, name.replace('png', ending)))
      }
      const { status, headers } = await gateway.fetch(run.outputs[0]!.url!)
      const [disposition, type] = [headers.get('content-disposition'), headers.get('x-content-type-options')]
      const told = [status, disposition, type, headers.get('content-security-policy')]
      const expected = [200, isPage ? 'attachment' : null, 'nosniff', 'sandbox']
      if (JSON.stringify(told) !== JSON.stringify(expected)) throw new Error(`${ending}: ${told}`)
    } finally {
      gateway.close()
      await comfy.stop()
    }
  }
})
