// The examples of the doc comments are compiled, and run against a local FlowScale as they are written, but for ids and
// file names.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createClient, executeWorkflow } from '@flowscale/client'
import { executeWorkflowAsync } from '@flowscale/client/poller'
import { createEmulator } from '@flowscale/emulator'
import { serve } from '@flowscale/emulator/node'
import { encode } from 'fast-png'
import { register } from 'tsx/esm/api'
import ts from 'typescript'
import { assert, suite } from '#test'
import { runCommand } from '../../scripts/test/runFile.ts'
import { documented, functions } from './docComments.ts'

// Node loads no TypeScript by itself.
register()
const test = suite('examples of the doc comments')
// Inside the repository, so that the packages are found by name.
const folder = resolve('.tmp/docs')

/** What examples take for granted. */
const given = `import { createClient } from '@flowscale/client'
import { connectWebSocket } from '@flowscale/client/websocket'
export const baseUrl: string = process.env.FLOWSCALE_API_URL!
export const apiKey: string = process.env.FLOWSCALE_API_KEY!
export const client = createClient({ baseUrl, apiKey })
export const connection = connectWebSocket(client, { reconnect: false })
export const sessions: Map<string | null, { id: string }> = new Map()
export const runId: string = process.env.RUN_ID!
export const runIds: string[] = [runId]
`
const givenNames = [...given.matchAll(/export const (\w+)/g)].map(([, name]) => name!)
const ids = {
  run: '808f34d0-ef97-4b78-a00f-1268077ea6db',
  output: 'filename_prefix_58358_5WWF7GQUYF',
  url: 'https://my-pod.pod.flowscale.ai',
}

/** The example as a module: what it names is imported. */
function toModule(code: string): string {
  const file = ts.createSourceFile('example.tsx', code, ts.ScriptTarget.Latest, true)
  const used = new Set<string>()
  const declared = new Set<string>()
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) {
      const { parent } = node
      const isName = 'name' in parent && parent.name === node
      const isDeclared = isName && (ts.isVariableDeclaration(parent) || ts.isBindingElement(parent))
      if (isDeclared || (isName && ts.isParameter(parent))) declared.add(node.text)
      else if (!isName || ts.isShorthandPropertyAssignment(parent)) used.add(node.text)
    }
    ts.forEachChild(node, visit)
  }
  visit(file)
  const free = [...used].filter((name) => !declared.has(name))
  const lines = free.flatMap((name) => {
    if (/^(read|write)File$/.test(name)) return [`import { ${name} } from 'node:fs/promises'`]
    if (name === 'generateImage') return ["import { generateImage } from 'ai'"]
    if (givenNames.includes(name)) return [`import { ${name} } from './given.ts'`]
    const found = documented.find((each) => each.name === name)
    return found ? [`import { ${found.isType ? 'type ' : ''}${name} } from '${found.from}'`] : []
  })
  return `${lines.join('\n')}\n${code}\nexport {}\n`
}

/** An example that goes on for ever is ended. */
const adjust: Record<string, (code: string) => string> = {
  connectWebSocket: (code) => `${code.replace('console.log(message.data)', 'break')}\nconnection.close()\n`,
  toNodeHandler: (code) => `${code.replace('3000', '0')}\nserver.close()\n`,
}

const examples = functions.flatMap(({ name, from, examples }) =>
  examples.map((code, index) => ({
    title: examples.length > 1 ? `${name} ${index + 1}` : name,
    file: join(folder, `${name}-${index}.${from.endsWith('/react') ? 'tsx' : 'ts'}`),
    code: toModule(adjust[name]?.(code) ?? code),
  })),
)

const emulator = createEmulator({ speed: 1000 })
let served: Awaited<ReturnType<typeof serve>>
const own = () => createClient({ baseUrl: served.url, apiKey: emulator.apiKey })

test.before(async () => {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  served = await serve(emulator)
  process.env.FLOWSCALE_API_URL = served.url
  process.env.FLOWSCALE_API_KEY = emulator.apiKey
  const data = new Uint8Array(32 * 32 * 3).map((_, index) => index % 251)
  writeFileSync(join(folder, 'cat.png'), encode({ width: 32, height: 32, channels: 3, data }))
  const { runId, outputs } = await executeWorkflowAsync(own(), 'bncu0a1kipv', { text_51536: 'a red fox' })
  process.env.RUN_ID = runId
  const filename = outputs[0]!.filename.replace(/\.\w+$/, '')
  writeFileSync(join(folder, 'given.ts'), given)
  for (const { file, code } of examples) {
    const real = code
      .replaceAll(ids.run, runId)
      .replaceAll(ids.output, filename)
      .replaceAll(ids.url, served.url)
      .replaceAll("writeFile('output.png'", `writeFile('${join(folder, 'output.png')}'`)
      .replaceAll("'cat.png')", `'${join(folder, 'cat.png')}')`)
      .replaceAll("'workflows'", `'${resolve('test/comfyui/workflows')}'`)
      .replaceAll("'pictures/'", `'${join(folder, 'pictures')}/'`)
    writeFileSync(file, real)
  }
})
test.after(async () => {
  await served.close()
  emulator.close()
  rmSync(folder, { recursive: true })
})

async function problems(files: string[]): Promise<string[]> {
  const flags =
    '--strict --module esnext --moduleResolution bundler --target es2022 --allowImportingTsExtensions --jsx react-jsx --skipLibCheck --noEmit --types node --pretty false'
  const args = ['node_modules/typescript7/bin/tsc', ...flags.split(' '), ...files]
  const { output } = await runCommand(process.execPath, args)
  return output.split('\n').filter((line) => /^\S/.test(line))
}

test('the examples compile', async () => {
  assert.equal(await problems(examples.map(({ file }) => file)), [])
})

test('and one with a wrong name would not', async () => {
  const { code } = examples.find(({ title }) => title === 'checkHealth')!
  const file = join(folder, 'wrong.ts')
  writeFileSync(file, code.replace('checkHealth(client)', 'checkHealth()'))
  assert.is((await problems([file])).length, 1)
})

const quiet = { log: console.log, warn: console.warn, error: console.error }
for (const { title, file } of examples) {
  test(`the example of ${title} runs`, async () => {
    // So that a WebSocket has something to tell.
    const news = setInterval(() => {
      executeWorkflow(own(), 't3xtwr1ter00', { prompt: 'a' }).catch(() => {})
    }, 100)
    console.log = console.warn = console.error = () => {}
    let timer: ReturnType<typeof setTimeout> | undefined
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error('does not end')), 120_000)
    })
    try {
      await Promise.race([import(file), late])
    } finally {
      Object.assign(console, quiet)
      clearInterval(news)
      clearTimeout(timer)
    }
  })
}
