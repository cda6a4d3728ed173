// What `flowscale pull` writes, compiled by TypeScript with a program that uses it.
import { resolve } from 'node:path'
import ts from 'typescript'
import { assert, suite } from '#test'
import { textOf, workflow } from './kit.ts'

const test = suite('types of pull')

const text = textOf(
  workflow({
    id: 'bncu0a1kipv',
    name: 'Text to Image',
    inputs: {
      text: 'string',
      seed: 'number',
      hd: 'boolean',
      photo: 'image',
      photos: 'image',
      style: 'string',
      styles: 'string',
      'on-ly': 'string',
      odd: 'tensor',
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
      'on-ly': { required: false },
      odd: { required: false },
    },
  }),
  workflow({ id: 'b', name: 'Untold', inputs: { text: 'string' } }),
  workflow({ id: 'c', name: 'Nothing', inputs: {}, outputs: [] }),
  workflow({ id: 'd', name: '3D モデル', input_details: { prompt: {} } }),
  workflow({ id: 'e', name: '3D モデル', input_details: { prompt: {} } }),
)

/** The errors of a program, each with the line that it is in. */
function errorsOf(program: string, options: ts.CompilerOptions = {}): string[] {
  const { config } = ts.readConfigFile('test/tsconfig.json', ts.sys.readFile)
  const parsed = ts.parseJsonConfigFileContent({ ...config, files: [], include: [] }, ts.sys, resolve('test'))
  const files: Record<string, string> = {
    [resolve('test/unit/flowscale/command/pull/virtual.workflows.ts')]: text,
    [resolve('test/unit/flowscale/command/pull/virtual.app.ts')]:
      `import { createClient } from '@flowscale/client'
import { nameOutputs, run, submit } from '@flowscale/client/typed'
import * as workflows from './virtual.workflows.ts'
const { textToImage, untold, nothing, _3dモデル_d, _3dモデル_e } = workflows
export const client = createClient({ baseUrl: 'http://127.0.0.1', apiKey: 'k' })
export const used = [nameOutputs, run, submit, textToImage, untold, nothing, _3dモデル_d, _3dモデル_e]
${program}`,
  }
  const all = { ...parsed.options, ...options }
  const host = ts.createCompilerHost(all)
  const { fileExists, readFile, getSourceFile } = host
  host.fileExists = (path) => path in files || fileExists(path)
  host.readFile = (path) => files[path] ?? readFile(path)
  host.getSourceFile = (path, target) =>
    path in files ? ts.createSourceFile(path, files[path]!, target) : getSourceFile(path, target)
  const compiled = ts.createProgram(Object.keys(files), all, host)
  return ts
    .getPreEmitDiagnostics(compiled)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
}

const good = `
await run(client, textToImage, { text: 'a' })
await run(client, textToImage, { text: 'a', seed: 1, hd: false, style: 'oil', styles: 'ink', odd: [1] })
await run(client, textToImage, { text: 'a', styles: ['ink', 'oil'], style: "pastel's", 'on-ly': 'x' })
await run(client, textToImage, { text: 'a', photo: new Blob([]), photos: [new Blob([]), 'https://a.test/b.png'] })
await run(client, untold, {})
await run(client, nothing, {})
const { outputs } = await run(client, textToImage, { text: 'a' })
export const links: (string | null)[] = [...outputs.picture, ...outputs.mask].map((file) => file.download_url)
export const one = (await run(client, nothing, {})).outputs.output
await submit(client, _3dモデル_d, { prompt: 'a' })
await submit(client, _3dモデル_e, { prompt: 'a' })
`

test('programs that are right compile', () => {
  assert.equal(errorsOf(good), [])
  assert.equal(errorsOf(good, { exactOptionalPropertyTypes: false, target: ts.ScriptTarget.ES2022 }), [])
})

const wrong = [
  ['an input is missing', 'run(client, textToImage, { seed: 1 })', /'text' is missing/],
  ['an input is misspelt', "run(client, textToImage, { text: 'a', sead: 1 })", /'sead' does not exist/],
  ['a wrong kind', "run(client, textToImage, { text: 'a', seed: '1' })", /'string' is not .* 'number'/],
  [
    'a choice that is none',
    "run(client, textToImage, { text: 'a', style: 'ink' })",
    /'"ink"' is not .*"oil"/,
  ],
  [
    'several where one is taken',
    "run(client, textToImage, { text: ['a'] })",
    /string\[\]' is not .* 'string'/,
  ],
  ['a path for a file', "run(client, textToImage, { text: 'a', photo: 'me.png' })", /'"me\.png"' is not /],
  ['an input where there are none', 'run(client, nothing, { text: 1 })', /'number' is not .*'never'/],
  [
    'an output that is not there',
    "run(client, textToImage, { text: 'a' }).then(({ outputs }) => outputs.pictures)",
    /'pictures' does not exist .*'picture'/,
  ],
] as const

test('programs that are wrong do not, and the error names the input', () => {
  const errors = errorsOf(wrong.map(([, program]) => `void ${program}`).join('\n'))
  for (const [index, [what, , expected]] of wrong.entries()) assert.match(errors[index] ?? '', expected, what)
  assert.is(errors.length, wrong.length, errors.join('\n'))
})
