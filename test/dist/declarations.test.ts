// The emitted types: they name nothing that some type library lacks, and an editor completes what is known.
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import ts from 'typescript'
import { assert, suite } from '#test'

const test = suite('declarations')

/** Global types that ES2022, DOM, Node 18, Workers, Bun and Deno have alike. */
const everywhere = [
  ...['Array', 'ArrayBuffer', 'ArrayBufferView', 'Date', 'Error', 'Map', 'TypeError', 'Uint8Array'],
  ...['Promise', 'AsyncGenerator', 'AsyncIterable', 'AsyncIterableIterator', 'Iterable'],
  ...[
    'Record',
    'Readonly',
    'Pick',
    'Omit',
    'Exclude',
    'Extract',
    'NonNullable',
    'Partial',
    'PromiseSettledResult',
  ],
  ...['AbortSignal', 'Request', 'RequestInit', 'Response', 'URL'],
]
/** Generic from TypeScript 5.7 on only. */
const notGeneric = ['ArrayBufferView', 'Uint8Array']

/** The global types that a declaration file names and that some users lack. */
function strangers(text: string): string[] {
  const file = ts.createSourceFile('x.d.ts', text, ts.ScriptTarget.Latest, true)
  const own = new Set<string>()
  const named: [name: string, node: ts.Node][] = []
  const visit = (node: ts.Node): void => {
    const { name } = node as { name?: ts.Node }
    const isOwn =
      ts.isTypeAliasDeclaration(node) ||
      ts.isInterfaceDeclaration(node) ||
      ts.isClassDeclaration(node) ||
      ts.isTypeParameterDeclaration(node) ||
      ts.isImportSpecifier(node) ||
      ts.isNamespaceImport(node) ||
      ts.isVariableDeclaration(node)
    if (isOwn && name && ts.isIdentifier(name)) own.add(name.text)
    if (ts.isTypeReferenceNode(node)) named.push([left(node.typeName), node])
    if (ts.isExpressionWithTypeArguments(node)) named.push([node.expression.getText(), node])
    if (ts.isTypeQueryNode(node)) named.push([`typeof ${left(node.exprName)}`, node])
    if (ts.isImportTypeNode(node)) named.push([node.getText(), node])
    ts.forEachChild(node, visit)
  }
  visit(file)
  return named
    .filter(([name, node]) => {
      if (own.has(name.replace('typeof ', ''))) return false
      const isGeneric = 'typeArguments' in node && node.typeArguments !== undefined
      return !everywhere.includes(name) || (isGeneric && notGeneric.includes(name))
    })
    .map(([, node]) => node.getText())
}

const left = (name: ts.EntityName): string => (ts.isIdentifier(name) ? name.text : left(name.left))

const declarationsOf = (name: string): string[] =>
  readdirSync(`packages/${name}/dist`)
    .filter((file) => file.endsWith('.d.ts'))
    .map((file) => join('packages', name, 'dist', file))
/** An engine of the gateway takes headers and streams, which the compilers of test/types-matrix know. */
const emitted = ['client', 'flowscale', 'emulator', 'ai-sdk'].flatMap(declarationsOf)

test('name only what every type library has', () => {
  assert.ok(emitted.length >= 10)
  for (const file of emitted) assert.equal(strangers(readFileSync(file, 'utf8')), [], file)
})

/** An example in a doc comment may import what it likes. */
const withoutComments = (text: string): string => text.replace(/\/\*[\s\S]*?\*\//g, '')

test('hold no import and no reference of Node’s', () => {
  for (const file of [...emitted, ...declarationsOf('gateway')])
    assert.not.match(withoutComments(readFileSync(file, 'utf8')), /from 'node:|<reference|import\(/)
})

/** Every entry point, and where its types are. */
const entries = ['client', 'flowscale', 'gateway', 'emulator', 'ai-sdk', 'mcp'].flatMap((name) => {
  const folder = `packages/${name}`
  const { name: from, exports } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'))
  return Object.entries<{ types?: string }>(exports).flatMap(([entry, { types }]) =>
    types ? [{ from: `${from}${entry.slice(1)}`, path: resolve(folder, types) }] : [],
  )
})

test('are found by the old moduleResolution of TypeScript, which reads no exports', () => {
  assert.ok(entries.length >= 8)
  const moduleResolution = ts.ModuleResolutionKind.Node10
  for (const { from, path } of entries) {
    const { resolvedModule } = ts.resolveModuleName(from, resolve('x.ts'), { moduleResolution }, ts.sys)
    assert.is(resolvedModule?.resolvedFileName, path, from)
  }
})

for (const name of [
  ...[
    'File',
    'WebSocket',
    'Uint8Array<ArrayBuffer>',
    'ArrayBufferView<ArrayBuffer>',
    'RequestInfo',
    'Buffer',
  ],
  ...['BlobPart', 'Blob', 'FormData', 'Headers', 'BufferSource', 'NodeJS.Timeout', 'typeof fetch'],
]) {
  test(`the check sees ${name}`, () => {
    for (const file of emitted) {
      assert.equal(strangers(`${readFileSync(file, 'utf8')}\ninterface Odd { odd: Promise<${name}[]> }`), [
        name,
      ])
    }
  })
}

/** What several services and programs read, they parse once. */
const registry = ts.createDocumentRegistry()
const parsed = new Map<string, ts.SourceFile | undefined>()

/** What an editor offers at `|`. */
function complete(code: string): string[] {
  const file = resolve('test/dist/completion.ts')
  const at = code.indexOf('|')
  const text = code.replace('|', '')
  const options: ts.CompilerOptions = {
    strict: true,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    target: ts.ScriptTarget.ES2022,
    types: [],
  }
  const host: ts.LanguageServiceHost = {
    getScriptFileNames: () => [file],
    getScriptVersion: (name) => (name === file ? text : ''),
    getScriptSnapshot: (name) => {
      const content = name === file ? text : ts.sys.readFile(name)
      return content === undefined ? undefined : ts.ScriptSnapshot.fromString(content)
    },
    getCurrentDirectory: () => process.cwd(),
    getCompilationSettings: () => options,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    fileExists: (name) => name === file || ts.sys.fileExists(name),
    readFile: ts.sys.readFile,
    directoryExists: ts.sys.directoryExists,
  }
  const service = ts.createLanguageService(host, registry)
  const { entries = [] } = service.getCompletionsAtPosition(file, at, {}) ?? {}
  return entries.map(({ name }) => name)
}

const known: [type: string, words: string[]][] = [
  ["Run['status']", ['queued', 'running', 'completed', 'failed', 'cancelled', 'canceled', 'timed_out']],
  ["Output['generation_status']", ['success', 'failed']],
  ["ContainerHealth['status']", ['idle', 'running', 'stopped']],
  ["RunError['status']", ['failed', 'error', 'cancelled', 'timed_out']],
  ["AnyFlowScaleError['code']", ['ERR_FLOWSCALE_HTTP', 'ERR_FLOWSCALE_RUN', 'ERR_FLOWSCALE_TIMEOUT']],
]
for (const [type, words] of known) {
  test(`an editor completes ${type}`, () => {
    const [name] = type.split('[')
    const code = `import type { ${name} } from '@flowscale/client'\nexport const word: ${type} = '|'`
    const offered = complete(code)
    for (const word of words) assert.ok(offered.includes(word), `${word} is not among ${offered}`)
  })
}

test('an editor offers what a result of one output and a list have in common, and none of the methods of an array', () => {
  const code = `import type { RunResult } from '@flowscale/client'\ndeclare const result: RunResult\nresult.data.|`
  assert.equal(complete(code), ['download_url', 'generation_status'])
})

/** What a compiler says of code on Node, with these type libraries besides Node's. */
function complaints(code: string, ...lib: string[]): string[] {
  const file = resolve('test/dist/saves.ts')
  const options: ts.CompilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    target: ts.ScriptTarget.ES2022,
    lib: ['es2022', ...lib].map((name) => `lib.${name}.d.ts`),
    types: ['node'],
  }
  const host = ts.createCompilerHost(options)
  const { fileExists, getSourceFile, readFile } = host
  host.fileExists = (name) => name === file || fileExists(name)
  host.readFile = (name) => (name === file ? code : readFile(name))
  host.getSourceFile = (name, ...rest) => {
    if (name === file) return ts.createSourceFile(name, code, ts.ScriptTarget.ES2022)
    if (!parsed.has(name)) parsed.set(name, getSourceFile(name, ...rest))
    return parsed.get(name)
  }
  const program = ts.createProgram([file], options, host)
  return program
    .getSemanticDiagnostics(program.getSourceFile(file))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' ').slice(0, 200))
}

const saves = `
import { createWriteStream } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type Client, downloadOutput } from '@flowscale/client'

export async function save(client: Client): Promise<number> {
  const response: Response = await downloadOutput(client, 'f.png')
  const { body } = await downloadOutput(client, 'f.png')
  await writeFile('f.png', body)
  await pipeline(body, createWriteStream('f.png'))
  await pipeline(Readable.fromWeb(body), createWriteStream('f.png'))
  for await (const bytes of body) return bytes.byteLength
  const { value } = await body.getReader().read()
  return value?.byteLength ?? response.status
}
`
for (const lib of [[], ['dom'], ['dom', 'dom.iterable', 'dom.asynciterable']]) {
  test(`a download goes into a file and a pipeline by the types of Node, with ${lib.join(', ') || 'no DOM'}`, () => {
    assert.equal(complaints(saves, ...lib), [])
    // The check of the check: what a `Response` has may be null.
    assert.is(complaints(saves.replace("'f.png', body", "'f.png', response.body"), ...lib).length, 1)
  })
}
