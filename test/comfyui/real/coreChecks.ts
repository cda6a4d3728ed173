// What any ComfyUI can do: its core nodes alone.
import { randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import {
  createClient,
  downloadOutput,
  executeWorkflow,
  getRun,
  getRuns,
  getWorkflows,
  toFile,
} from '@flowscale/client'
import { executeMany, executeWorkflowAsync, type ManyResult, waitForRun } from '@flowscale/client/poller'
import { readWorkflows } from '@flowscale/gateway/node'
import { decode, encode } from 'fast-png'
import { equal, ok, rejection } from '../../conformance/assert.ts'
import { CANARY } from '../../support/canary.ts'
import { openGateway } from '../../support/openGateway.ts'
import { startProgram } from '../../support/startCli.ts'
import { startGateway } from '../../support/startProcess.ts'
import { until } from '../../support/until.ts'
import { links, node } from '../../unit/gateway/comfyui/editor/kit.ts'

type Client = ReturnType<typeof createClient>
const FOLDER = 'test/comfyui/real'
const fast = { pollIntervalMs: 100 }
const anyNumber = (most: number): number => Math.floor(Math.random() * most)

/** A check, and the node classes that it needs. */
export interface Check {
  readonly name: string
  readonly needs: readonly string[]
  run(comfyUrl: string): Promise<void>
}

/** The end of a run whose record was written, and that was never sent. */
const NEVER_SENT = /The run never reached ComfyUI, or ComfyUI restarted, result unknown/

const picture = ['EmptyImage', 'ImageScale', 'SaveImage']
const invert = ['LoadImage', 'ImageInvert', 'SaveImage']

const check = (
  name: string,
  needs: readonly string[],
  use: (client: Client, comfyUrl: string) => Promise<void>,
): Check => ({
  name,
  needs,
  async run(comfyUrl) {
    const { url, close } = await openGateway(comfyUrl, { workflows: await readWorkflows(FOLDER) })
    await use(createClient({ baseUrl: url, apiKey: CANARY }), comfyUrl).finally(close)
  },
})

async function pictureOf(client: Client, workflowId: string, inputs: Parameters<typeof executeWorkflow>[2]) {
  const { data } = await executeWorkflow(client, workflowId, inputs)
  const run = await waitForRun(client, data.run_id, fast)
  const response = await downloadOutput(client, run.outputs[0]!)
  return decode(new Uint8Array(await response.arrayBuffer()))
}

/** Why items of a batch have failed. */
const reasonsOf = (results: readonly ManyResult[]): string[] =>
  results.flatMap((result) => (result.status === 'rejected' ? [String(result.reason)] : []))

/** The bytes of a picture that ComfyUI made, with both formats inside. */
async function makePicture(comfyUrl: string): Promise<Uint8Array> {
  const workflow = {
    nodes: [
      node(1, 'EmptyImage', [48, 32, 1, anyNumber(0xffffff)]),
      node(2, 'Reroute', null, { image: 1 }),
      node(3, 'ImageInvert', [], { image: 2 }),
      node(4, 'SaveImage', ['dropped'], { images: 3 }, { title: 'Inverted' }),
    ],
    links: links([1, 0, 2], [2, 0, 3], [3, 0, 4]),
  }
  const [width, height, batch_size, color] = workflow.nodes[0].widgets_values
  const prompt = {
    1: { class_type: 'EmptyImage', inputs: { width, height, batch_size, color } },
    3: { class_type: 'ImageInvert', inputs: { image: ['1', 0] } },
    4: { class_type: 'SaveImage', inputs: { images: ['3', 0], filename_prefix: 'dropped' } },
  }
  const body = JSON.stringify({ prompt, extra_data: { extra_pnginfo: { workflow } } })
  const submitted = await fetch(`${comfyUrl}/prompt`, { method: 'POST', body })
  const { prompt_id: id } = (await submitted.json()) as { prompt_id: string }
  const ended = await until(
    async () => ((await (await fetch(`${comfyUrl}/history/${id}`)).json()) as Record<string, any>)[id],
  )
  const [{ filename, subfolder, type }] = ended.outputs[4].images
  const query = new URLSearchParams({ filename, subfolder, type })
  return new Uint8Array(await (await fetch(`${comfyUrl}/view?${query}`)).arrayBuffer())
}

export const coreChecks: readonly Check[] = [
  {
    name: 'a picture that is put into the folder of a running gateway is listed, runs, and has types',
    needs: ['EmptyImage', 'ImageInvert', 'SaveImage'],
    async run(comfyUrl) {
      const folder = await mkdtemp(join(tmpdir(), 'flowscale-folder-'))
      const gateway = await startGateway(comfyUrl, folder, ['--port', '0', '--api-key', CANARY])
      try {
        const client = createClient({ baseUrl: gateway.told.url, apiKey: CANARY })
        equal((await getWorkflows(client)).data, [], 'workflows at first')
        await writeFile(join(folder, 'dropped.png'), await makePicture(comfyUrl))
        const [listed] = await until(
          async () => (await getWorkflows(client)).data,
          ({ length }) => length === 1,
        )
        // Only the format of the editor has the title.
        equal(listed!.id, 'dropped', 'id')
        ok(String(listed!.outputs).includes('inverted'), 'name of the output')
        const { width, height } = await pictureOf(client, 'dropped', {})
        equal([width, height], [48, 32], 'size')
        const env = { FLOWSCALE_API_URL: gateway.told.url, FLOWSCALE_API_KEY: CANARY }
        const pull = [process.execPath, [resolve('packages/flowscale/bin/flowscale.js'), 'pull']] as const
        const { code, stderr } = await startProgram(...pull, { cwd: folder, env }).ended
        equal(code, 0, stderr)
        ok((await readFile(join(folder, 'src/workflows.ts'), 'utf8')).includes("'dropped'"), 'types')
      } finally {
        await gateway.kill()
        await rm(folder, { recursive: true })
      }
    },
  },
  check('a picture is made and comes back, from the cache, too', picture, async (client) => {
    const inputs = { color: anyNumber(0xffffff), width: 48 }
    for (let times = 0; times < 2; times++) {
      const { width, height } = await pictureOf(client, 'core-picture', inputs)
      equal([width, height], [48, 32], 'size')
    }
  }),
  check('a picture goes up and comes back inverted', invert, async (client) => {
    const shade = anyNumber(256)
    const png = encode({ width: 4, height: 4, channels: 3, data: new Uint8Array(48).fill(shade) })
    const { data } = await pictureOf(client, 'core-invert', {
      photo: toFile(png as Uint8Array<ArrayBuffer>, 'a.png'),
    })
    // A real one calculates with fractions.
    ok(Math.abs(data[0]! - (255 - shade)) <= 1, `shade ${255 - shade}, got ${data[0]}`)
  }),
  check('a text that is shown', ['PrimitiveStringMultiline', 'PreviewAny'], async (client) => {
    const слова = `é ${anyNumber(1e9)}\nпривет`
    const { outputs } = await executeWorkflowAsync(client, 'core-text', { слова }, fast)
    equal(
      outputs.map(({ text, filename }) => [text, filename.split('_')[0]]),
      [[слова, '答え']],
      'outputs',
    )
    equal(await (await downloadOutput(client, outputs[0]!)).text(), слова, 'file')
  }),
  check('a preview is saved', ['EmptyImage', 'PreviewImage', 'SaveImage'], async (client, comfyUrl) => {
    const { data } = await executeWorkflow(client, 'core-preview', {})
    const run = await waitForRun(client, data.run_id, fast)
    const { width, height } = decode(
      new Uint8Array(await (await downloadOutput(client, run.outputs[0]!)).arrayBuffer()),
    )
    equal([width, height], [48, 32], 'size')
    const history = (await (await fetch(`${comfyUrl}/history/${data.run_id}`)).json()) as Record<string, any>
    equal(history[data.run_id].outputs[2].images[0].type, 'output', 'folder')
  }),
  check('inputs that do not fit are refused', picture, async (client) => {
    for (const inputs of [{ width: -1 }, { width: 1e9 }, { width: 'x' }, { other: 1 }]) {
      equal(
        (await rejection(executeWorkflow(client, 'core-picture', inputs))).status,
        422,
        JSON.stringify(inputs),
      )
    }
  }),
  check('runs are listed by their group', picture, async (client) => {
    const groupId = randomUUID()
    const inputs = { color: anyNumber(0xffffff) }
    const { data } = await executeWorkflow(client, 'core-picture', inputs, { groupId })
    await waitForRun(client, data.run_id, fast)
    const { runs } = (await getRuns(client, { groupId })).data
    equal(
      runs.map(({ _id, status }) => [_id, status]),
      [[data.run_id, 'completed']],
      'list',
    )
  }),
  check("a stranger's run is not there", picture, async (client, comfyUrl) => {
    const [{ graph }] = (await readWorkflows(FOLDER)).filter(({ name }) => name === 'core-picture') as [any]
    const id = randomUUID()
    await fetch(`${comfyUrl}/prompt`, {
      method: 'POST',
      body: JSON.stringify({ prompt: graph, prompt_id: id }),
    })
    equal((await rejection(getRun(client, id))).status, 404, 'status')
  }),
  {
    name: 'the gateway is killed in the middle of 50 runs: all are known, none was executed twice',
    needs: picture,
    async run(comfyUrl) {
      const start = () => startGateway(comfyUrl, FOLDER, ['--port', port, '--api-key', CANARY])
      let port = '0'
      let gateway = await start()
      port = new URL(gateway.told.url).port
      try {
        const client = createClient({ baseUrl: gateway.told.url, apiKey: CANARY })
        const batch = randomUUID()
        const color = anyNumber(0xffffff)
        const inputs = Array.from({ length: 50 }, (_, index) => ({ color: (color + index) % 0xffffff }))
        const options = { groupId: (index: number) => `${batch}-${index}`, pollIntervalMs: 300 }
        let ended = 0
        let again: Promise<void> | undefined
        const restart = async (): Promise<void> => {
          await gateway.kill()
          gateway = await start()
        }
        const first = executeMany(client, 'core-picture', inputs, {
          ...options,
          onResult() {
            if (++ended === 15) again = restart()
          },
        })
        await first
        await again
        // Those whose answers were lost are found by their groups.
        const results = await executeMany(client, 'core-picture', inputs, options)
        equal(
          reasonsOf(results).filter((reason) => !NEVER_SENT.test(reason)),
          [],
          'errors',
        )
        // Those that were never sent are submitted again, as their error advises.
        const unsent = inputs.filter((_, index) => results[index]!.status === 'rejected')
        const more = await executeMany(client, 'core-picture', unsent, {
          ...options,
          groupId: (index) => `${batch}-again-${index}`,
        })
        equal(reasonsOf(more), [], 'errors of those that were submitted again')
        const completed = [...results, ...more].flatMap((result) =>
          result.status === 'fulfilled' ? [result.runId] : [],
        )
        equal(new Set(completed).size, 50, 'runs that are completed')
        const response = await fetch(`${comfyUrl}/history?max_items=200`)
        // One run whose output is no JSON spoils the list of all.
        ok(response.ok, `GET /history answers ${response.status}: clear the history, and try again`)
        const history = (await response.json()) as Record<string, any>
        const isOwn = ([, { prompt }]: [string, any]) => prompt[3]?.flowscale?.groupId?.startsWith(batch)
        const executed = Object.entries(history).filter(isOwn)
        equal(executed.map(([id]) => id).sort(), completed.sort(), 'what ComfyUI executed of them')
      } finally {
        await gateway.kill()
      }
    },
  },
]
