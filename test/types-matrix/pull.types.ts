// What `flowscale pull` writes, of the emulator, of gateways and of rarer workflows, as compilers see it: with a program that
// uses each constant.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createEmulator } from '@flowscale/emulator'
import { serve } from '@flowscale/emulator/node'
import { readWorkflows } from '@flowscale/gateway/node'
import { assert, suite } from '#test'
import { runCommand } from '../../scripts/test/runFile.ts'
import { startComfy } from '../comfyui/server/startComfy.ts'
import { CANARY } from '../support/canary.ts'
import { choosing, openGateway, workflows } from '../support/openGateway.ts'
import { textOf, workflow } from '../unit/flowscale/command/pull/kit.ts'

const test = suite('types of what pull writes')
const compilers = ['typescript5.0', 'typescript5.9', 'typescript6', 'typescript7']
const folder = mkdtempSync(join(tmpdir(), 'flowscale-pulled-'))
test.after(() => rmSync(folder, { recursive: true }))

/** By the file that is pulled, a run of each of its workflows: none may be left out. */
const programs: Record<string, string> = {
  emulator: `
  alwaysFails: run(client, pulled.alwaysFails, { message: 'a' }),
  diptych: run(client, pulled.diptych, { prompt: ['a', 'b'], seed: 7 }).then(
    ({ outputs }) => outputs.output[0]?.download_url,
  ),
  imageToImage: run(client, pulled.imageToImage, { prompt: 'a', image_input: file }),
  neverEnds: submit(client, pulled.neverEnds, {}),
  textToImage: runMany(client, pulled.textToImage, [{ text_51536: 'a', image_1234: file }, { text_51536: 'b' }]),
  textWriter: run(client, pulled.textWriter, { prompt: 'a', words: 7 }).then(
    ({ outputs }) => outputs.text_output[0]?.filename,
  ),
  textToVideo: run(client, pulled.textToVideo, { prompt: 'a', duration: 2 }),
  videoInfo: run(client, pulled.videoInfo, { video: 'https://app.test/a.mp4' }),
  // @ts-expect-error: misspelt
  misspelt: run(client, pulled.textToImage, { text_51536: 'a', sead: 7 }),
  // @ts-expect-error: missing
  missing: run(client, pulled.imageToImage, { prompt: 'a' }),
  // @ts-expect-error: a path is no file
  path: run(client, pulled.videoInfo, { video: './a.mp4' }),
  // @ts-expect-error: undefined is not the same as left out
  undefined: run(client, pulled.textWriter, { prompt: 'a', words: undefined }),
  // @ts-expect-error: another output
  output: run(client, pulled.diptych, { prompt: 'a' }).then(({ outputs }) => outputs.image_output),
`,
  examples: `
  failing: run(client, pulled.failing, { seed: 7 }),
  imageToImage: run(client, pulled.imageToImage, { photo: file }),
  slow: submit(client, pulled.slow, {}),
  textToImage: run(client, pulled.textToImage, { prompt: 'a', size: 64, seed: 7 }).then(
    ({ outputs }) => outputs.result[0]?.download_url,
  ),
  twoOutputs: runMany(client, pulled.twoOutputs, [{ photo: file, caption: 'a' }, { photo: file }]),
  video: run(client, pulled.video, {}).then(({ outputs }) => [outputs.film_gifs, outputs.film_images]),
  // @ts-expect-error: a wrong kind
  kind: run(client, pulled.textToImage, { size: '64' }),
  // @ts-expect-error: missing
  missing: run(client, pulled.twoOutputs, { caption: 'a' }),
  // @ts-expect-error: there are no inputs
  none: run(client, pulled.video, { prompt: 'a' }),
`,
  gateway: `
  alwaysFails: run(client, pulled.alwaysFails, {}),
  choosing: run(client, pulled.choosing, { style: 'inverted' }),
  imageToImage: run(client, pulled.imageToImage, { prompt: 'a', image_input: file }),
  neverEnds: submit(client, pulled.neverEnds, {}),
  pair: run(client, pulled.pair, { texts: 'a' }).then(({ outputs }) => [outputs.first, outputs.second]),
  quick: runMany(client, pulled.quick, [{ text: 'a' }]),
  scripts: run(client, pulled.scripts, { 提示词: 'a', größe: 'b', фон: 'c', プロンプト: 'd' }).then(
    ({ outputs }) => outputs.结果[0]?.text,
  ),
  slow: submit(client, pulled.slow, {}),
  textToImage: run(client, pulled.textToImage, { text_51536: 'a', seed: 7 }),
  // @ts-expect-error: a choice that is none
  choice: run(client, pulled.choosing, { style: 'oil' }),
  // @ts-expect-error: one text only
  several: run(client, pulled.pair, { texts: ['a', 'b'] }),
`,
  rare: `
  textToImage: run(client, pulled.textToImage, { text: 'a', seed: 1, hd: false, style: 'oil', styles: 'ink', odd: [1] }),
  lists: run(client, pulled.textToImage, { text: 'a', styles: ['ink', 'oil'], style: "pastel's", 'on-ly': 'x' }),
  files: run(client, pulled.textToImage, { text: 'a', photo: file, photos: [file, 'https://a.test/b.png'] }).then(
    ({ outputs }) => [...outputs.picture, ...outputs.mask].map(({ download_url }): string | null => download_url),
  ),
  untold: run(client, pulled.untold, {}),
  nothing: run(client, pulled.nothing, {}).then(({ outputs }) => outputs.output),
  _3dモデル_d: submit(client, pulled._3dモデル_d, { prompt: 'a' }),
  _3dモデル_e: runMany(client, pulled._3dモデル_e, [{ prompt: 'a' }]),
  // @ts-expect-error: a choice that is none
  choice: run(client, pulled.textToImage, { text: 'a', style: 'ink' }),
  // @ts-expect-error: another output
  output: run(client, pulled.textToImage, { text: 'a' }).then(({ outputs }) => outputs.pictures),
  // @ts-expect-error: there are no inputs
  none: run(client, pulled.nothing, { text: 1 }),
`,
}

/** What a server may say, and those above do not. */
const rare = textOf(
  workflow({
    id: 'bncu0a1kipv',
    name: 'Text to Image',
    inputs: {
      ...{ text: 'string', seed: 'number', hd: 'boolean', photo: 'image', photos: 'image' },
      ...{ style: 'string', styles: 'string', 'on-ly': 'string', odd: 'tensor' },
    },
    outputs: ['picture', 'mask'],
    names_files: true,
    input_details: {
      text: {},
      seed: { required: false, min: 0 },
      hd: { default: true },
      photo: { required: false },
      photos: { required: false, array: true },
      style: { required: false, options: ['oil', "pastel's", 3] },
      styles: { required: false, array: true, options: ['oil', 'ink'] },
    },
  }),
  workflow({ id: 'b', name: 'Untold', inputs: { text: 'string' } }),
  workflow({ id: 'c', name: 'Nothing', inputs: {}, outputs: [] }),
  workflow({ id: 'd', name: '3D モデル', input_details: { prompt: {} } }),
  workflow({ id: 'e', name: '3D モデル', input_details: { prompt: {} } }),
)

const toProgram = (
  name: string,
  uses: string,
) => `import { createClient, type FileInput } from '@flowscale/client'
import { run, runMany, submit } from '@flowscale/client/typed'
import * as pulled from './${name}.js'

const client = createClient({ baseUrl: 'https://pod.test', apiKey: 'k' })
declare const file: FileInput & Blob
export const uses: Record<keyof typeof pulled, Promise<unknown>> & Record<string, Promise<unknown>> = {${uses}}
export const others = [run, runMany, submit]
`

async function pull(url: string, name: string): Promise<void> {
  const args = [resolve('packages/flowscale/bin/flowscale.js'), 'pull', '--out', `${name}.ts`]
  const env = { FLOWSCALE_API_URL: url, FLOWSCALE_API_KEY: CANARY }
  const { code, output } = await runCommand(process.execPath, args, { cwd: folder, env })
  assert.is(code, 0, output)
  writeProgram(name)
}

const writeProgram = (name: string) =>
  writeFileSync(join(folder, `${name}.app.ts`), toProgram(name, programs[name]!))

test.before(async () => {
  const to = join(folder, 'node_modules/@flowscale/client')
  mkdirSync(to, { recursive: true })
  for (const file of ['package.json', 'dist'])
    cpSync(`packages/client/${file}`, join(to, file), { recursive: true })
  const emulator = createEmulator({ apiKey: CANARY })
  const pod = await serve(emulator)
  const comfy = await startComfy({ version: '0.8.0' })
  const examples = await openGateway(comfy.url, { workflows: await readWorkflows('test/comfyui/workflows') })
  const gateway = await openGateway(comfy.url, { workflows: [...workflows, choosing] })
  try {
    await pull(pod.url, 'emulator')
    await pull(examples.url, 'examples')
    await pull(gateway.url, 'gateway')
    writeFileSync(join(folder, 'rare.ts'), rare)
    writeProgram('rare')
  } finally {
    for (const { close } of [pod, examples, gateway]) await close()
    emulator.close()
    await comfy.stop()
  }
  const compilerOptions = {
    ...{ target: 'ES2022', module: 'ESNext', moduleResolution: 'bundler', lib: ['ES2022', 'DOM'], types: [] },
    ...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true },
    ...{ noUnusedLocals: true, verbatimModuleSyntax: true, isolatedModules: true, noEmit: true },
  }
  const files = Object.keys(programs).map((name) => `${name}.app.ts`)
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }))
})

const compile = (compiler: string) => {
  const tsc = resolve('test/types-matrix/node_modules', compiler, 'lib/tsc.js')
  return runCommand(process.execPath, [tsc, '--pretty', 'false', '-p', folder], { limitMs: 300_000 })
}

for (const compiler of compilers) {
  test(`the programs compile, and what is wrong in them is found (${compiler})`, async () => {
    const { code, output } = await compile(compiler)
    assert.is(code, 0, output)
  })

  test(`a constant that is gone is an error (${compiler})`, async () => {
    const file = join(folder, 'examples.ts')
    const text = readFileSync(file, 'utf8')
    writeFileSync(file, text.replace('const slow', 'const slower'))
    const { code, output } = await compile(compiler)
    writeFileSync(file, text)
    assert.ok(code)
    assert.match(output, /Property 'slow' does not exist/)
  })
}
