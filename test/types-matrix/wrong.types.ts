// Programs that are wrong, one mistake each: what the compilers say of them names what is at fault, and is short.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { assert, suite } from '#test'
import { runCommand } from '../../scripts/test/runFile.ts'

const test = suite('wrong programs')
const here = resolve('test/types-matrix')
const compilers = ['typescript5.0', 'typescript5.9', 'typescript6', 'typescript7']
/** The longest message, in characters, and the deepest chain of reasons. */
const MOST_CHARACTERS = 450
const MOST_LINES = 4

const given = `import type { Client, FileInput } from '@flowscale/client'
import { defineWorkflow, nameOutputs, run, runMany, submit } from '@flowscale/client/typed'
import { FlowscaleAPI } from 'flowscale'

interface Inputs {
  text_51536: string
  seed?: number
  image_1234?: FileInput
  style?: 'photo' | 'sketch'
  frames?: Blob[]
  settings?: { steps: number }
  day?: Date
  anything?: unknown
}
declare const client: Client
declare const flowscale: FlowscaleAPI
declare const blob: Blob
declare const path: string
declare const others: { prompt_68667: string }
const images = defineWorkflow<Inputs, 'image_output' | 'mask'>('bncu0a1kipv', ['image_output', 'mask'])
const text_51536 = 'a red fox'
`

/** What is at fault, by name; and the program. */
const rows: [name: string, code: string][] = [
  ['txet_51536', `run(client, images, { txet_51536: 'a' })`],
  ['sed', `run(client, images, { text_51536, sed: 1 })`],
  ['text_51536', `run(client, images, {})`],
  ['text_51536', `run(client, images, { text_51536: 5 })`],
  ['seed', `run(client, images, { text_51536, seed: '7' })`],
  ['style', `run(client, images, { text_51536, style: 'oil' })`],
  ['image_1234', `run(client, images, { text_51536, image_1234: './cat.png' })`],
  ['image_1234', `run(client, images, { text_51536, image_1234: path })`],
  ['image_output_1', `run(client, images, { text_51536 }).then(({ outputs }) => outputs.image_output_1)`],
  ['prompt_68667', `run(client, images, { text_51536, prompt_68667: 'a' })`],
  ['text_51536', `run(client, images, others)`],
  ['seed', `run(client, images, { text_51536, seed: null })`],
  ['seed', `run(client, images, { text_51536, seed: undefined })`],
  ['text_51536', `run(client, images, { text_51536: Promise.resolve('a') })`],
  ['settings', `run(client, images, { text_51536, settings: new Map([['steps', 1]]) })`],
  ['frames', `run(client, images, { text_51536, frames: blob })`],
  ['timeoutMS', `run(client, images, { text_51536 }, { timeoutMS: 5 })`],
  ['outputs', `run(client, images, { text_51536 }).outputs`],
  ['text_51536', `runMany(client, images, [{ text_51536 }, { text_51536: 5 }])`],
  ['sed', `runMany(client, images, [{ text_51536 }, { text_51536, sed: 5 }])`],
  ['onSubmited', `runMany(client, images, [{ text_51536 }], { onSubmited: () => {} })`],
  ['style', `submit(client, images, { text_51536, style: 'oil' })`],
  ['text_51536', `flowscale.executeWorkflow(images, {})`],
  ['seed', `flowscale.executeWorkflow(images, { text_51536, seed: '7' })`],
  ['sed', `flowscale.executeWorkflowAsync(images, { text_51536, sed: 7 })`],
  ['image', `flowscale.executeWorkflowAsync(images, { text_51536 }).then(({ outputs }) => outputs.image)`],
  ['image', `defineWorkflow<{ text: string; image: Promise<Blob> }, 'a'>('w', ['a'])`],
  ['tags', `defineWorkflow<{ text: string; tags: Map<string, string> }, 'a'>('w', ['a'])`],
  ['imagee', `defineWorkflow<Inputs, 'image'>('w', ['imagee'])`],
  ['image', `defineWorkflow<Inputs>('w', ['image'])`],
  ['bncu0a1kipv', `run(client, 'bncu0a1kipv', { text_51536 })`],
  ['run', `nameOutputs(images, run(client, images, { text_51536 }))`],
  ['download_url', `run(client, images, { text_51536 }).then(({ outputs }) => outputs.mask.download_url)`],
]
/** Each program is compiled beside the others; the right ones must pass. */
const right = [
  `run(client, images, { text_51536, seed: 7, image_1234: blob, style: 'sketch', anything: path })`,
  `run(client, images, { text_51536, image_1234: 'https://app.test/cat.png' }, { timeoutMs: 5 })`,
  `flowscale.executeWorkflowAsync(images, { text_51536 }).then(({ outputs }) => outputs.mask[0])`,
]
const programs = [...rows.map(([, code]) => code), ...right]

const folder = mkdtempSync(join(tmpdir(), 'flowscale-wrong-'))
test.before(() => {
  for (const name of ['client', 'flowscale']) {
    const to = join(folder, 'node_modules', name === 'client' ? '@flowscale/client' : name)
    mkdirSync(to, { recursive: true })
    for (const file of ['package.json', 'dist'])
      cpSync(`packages/${name}/${file}`, join(to, file), { recursive: true })
  }
  programs.forEach((code, index) => {
    writeFileSync(join(folder, `${index}.ts`), `${given}export const it = ${code}\n`)
  })
  const compilerOptions = {
    target: 'ES2022',
    module: 'ESNext',
    moduleResolution: 'bundler',
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    lib: ['ES2022', 'DOM'],
    types: [],
  }
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, files: programs.map((_, index) => `${index}.ts`) }),
  )
})
test.after(() => rmSync(folder, { recursive: true }))

for (const compiler of compilers) {
  test(`what ${compiler} says of each`, async () => {
    const tsc = join(here, 'node_modules', compiler, 'lib/tsc.js')
    const args = [tsc, '--pretty', 'false', '-p', folder]
    const { output } = await runCommand(process.execPath, args, { limitMs: 300_000 })
    const found = new Map<number, { text: string; at: string }[]>()
    for (const [, file, line, column, text] of output.matchAll(
      /^(?:\S*\/)?(\d+)\.ts\((\d+),(\d+)\): error TS\d+: (.*(?:\n {2,}.*)*)/gm,
    )) {
      const source = readFileSync(join(folder, `${file}.ts`), 'utf8').split('\n')[Number(line) - 1]!
      // What the editor underlines.
      const at = /^'?[\w-]*/.exec(source.slice(Number(column) - 1))![0].replace("'", '')
      found.set(Number(file), [...(found.get(Number(file)) ?? []), { text: text!, at }])
    }
    programs.forEach((code, index) => {
      const problems = found.get(index) ?? []
      const [name] = rows[index] ?? []
      assert.is(problems.length, name ? 1 : 0, `${code}: ${JSON.stringify(problems)}\n${output}`)
      if (!name) return
      const { text, at } = problems[0]!
      const isNamed = at === name || text.includes(`'${name}'`) || text.includes(` ${name}:`)
      assert.ok(isNamed, `${code}: does not name ${name}: at ${at}: ${text}`)
      assert.ok(text.length <= MOST_CHARACTERS, `${code}: ${text.length} characters: ${text}`)
      assert.ok(text.split('\n').length <= MOST_LINES, `${code}: too many lines: ${text}`)
    })
  })
}
