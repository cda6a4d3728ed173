// What the emulator shows of files of ComfyUI, beside what the gateway shows in front of a server.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEmulator, type WorkflowDefinition } from '@flowscale/emulator'
import { loadWorkflows } from '@flowscale/emulator/node'
import { comfyui, createGateway } from '@flowscale/gateway'
import { readWorkflows } from '@flowscale/gateway/node'
import { readWorkflow } from '@flowscale/gateway/workflows'
import { assert, suite } from '#test'
import { startComfy } from '../../../comfyui/server/startComfy.ts'
import type { ComfyVersion } from '../../../comfyui/server/versions.ts'
import { classesOf, stableDiffusion } from '../../gateway/comfyui/workflows/classes.ts'

const test = suite('the emulator and the gateway')
const VERSIONS: ComfyVersion[] = ['0.3.64', '0.8.0']
const FOLDERS = [
  'comfyui/real',
  'comfyui/workflows',
  'frameworks/workflows',
  'servers/cluster',
  'conformance/gateway',
  'servers/disasters',
]

interface Listed {
  id: string
  input_details?: Record<string, Record<string, unknown>>
}

/** What only the server knows: of classes that the emulator does not know, and the choices of a list. */
const OF_THE_SERVER = ['min', 'max', 'integer', 'options']

async function list({
  fetch,
  url,
}: Pick<ReturnType<typeof createEmulator>, 'fetch' | 'url'>): Promise<Listed[]> {
  const response = await fetch(`${url}/api/v1/comfy/workflows`, { headers: { 'X-API-KEY': 'k' } })
  return (await response.json()).data
}

const listOwn = async (workflows: WorkflowDefinition[]): Promise<Map<string, Listed>> => {
  const emulator = createEmulator({ workflows, apiKey: 'k' })
  const own = new Set(workflows.map(({ id }) => id))
  return new Map((await list(emulator)).filter(({ id }) => own.has(id)).map((one) => [one.id, one]))
}

const without = ({ input_details = {}, ...rest }: Listed, keys: readonly string[]): object => {
  const details = Object.entries(input_details).map(([name, told]) => {
    return [name, Object.fromEntries(Object.entries(told).filter(([key]) => !keys.includes(key)))]
  })
  return { ...rest, input_details: Object.fromEntries(details) }
}

for (const version of VERSIONS) {
  for (const folder of FOLDERS) {
    test(`${folder} on ${version}: the same, or a note says so`, async () => {
      const path = `test/${folder}`
      const comfy = await startComfy({ version })
      const files = await readWorkflows(path)
      const gateway = createGateway({ engine: comfyui({ url: comfy.url }), workflows: files, apiKey: 'k' })
      try {
        const notes: string[] = []
        const emulated = await listOwn(await loadWorkflows(path, (note) => notes.push(note)))
        const real = await list(gateway)
        assert.equal([...emulated.keys()].sort(), real.map(({ id }) => id).sort())
        for (const one of real) {
          const name = files.find(({ sidecar, name }) => (Object(sidecar).id ?? name) === one.id)!.name
          const mine = emulated.get(one.id)!
          // Of a seed that is not in the file only the server knows; there is a note.
          if (name !== 'failing')
            assert.equal(without(mine, OF_THE_SERVER), without(one, OF_THE_SERVER), name)
          const hasNote = notes.some((note) => note.startsWith(`${name}.json: `))
          if (!hasNote) assert.equal(without(mine, []), without(one, []), name)
        }
      } finally {
        gateway.close()
        await comfy.stop()
      }
    })
  }
}

test('the first graph of ComfyUI: the same without a server, but for the models', async () => {
  const sidecar = {
    inputs: {
      prompt: { node: '6', input: 'text', required: true },
      steps: { node: '3', input: 'steps' },
      cfg: { node: '3', input: 'cfg', max: 12 },
      sampler: { node: '3', input: 'sampler_name', options: ['euler', 'heun'] },
      model: { node: '4', input: 'ckpt_name' },
      seed: { node: '3', input: 'seed' },
    },
    outputs: { picture: { node: '9' } },
  }
  const folder = await mkdtemp(join(tmpdir(), 'flowscale-emulator-'))
  await writeFile(join(folder, 'plain.json'), JSON.stringify(stableDiffusion))
  await writeFile(join(folder, 'named.json'), JSON.stringify(stableDiffusion))
  await writeFile(join(folder, 'named.flowscale.json'), JSON.stringify(sidecar))
  const emulated = await loadWorkflows(folder, (note) => assert.unreachable(note))
  await rm(folder, { recursive: true })
  const [named, plain] = emulated
  for (const [mine, file] of [
    [plain!, { name: 'plain', graph: stableDiffusion }],
    [named!, { name: 'named', graph: stableDiffusion, sidecar }],
  ] as const) {
    const { listing } = await readWorkflow(file, classesOf('0.8.0'))
    const known = (input: object): object => ({ ...input, seed: undefined })
    const inputs = Object.entries(mine.inputs).map(([name, input]) => [name, known(Object(input))])
    const real = [...listing.inputs].map(([name, { options, ...input }]) => {
      return [name, known({ ...input, options: name === 'sampler' ? options : undefined })]
    })
    assert.equal(inputs, real)
    assert.equal(mine.outputs, Object.fromEntries(listing.outputs))
  }
})
