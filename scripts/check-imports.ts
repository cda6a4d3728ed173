// Enforces who may import whom outside the client, whose rules are in biome.json. Exits 1 and names each breach.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const root = fileURLToPath(new URL('..', import.meta.url))

export interface Source {
  /** From the root, with slashes. */
  path: string
  text: string
}

const nodeGlobals = ['process', 'Buffer', '__dirname', '__filename', 'require', 'setImmediate']

/** The one index that others import: a door on purpose. */
const painterDoor = 'packages/emulator/src/painter/index.ts'

interface Facts {
  imports: string[]
  globals: string[]
}

/** The imports of a file (resolved from the root, or bare), and the globals of Node that it names. */
function read({ path, text }: Source): Facts {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
  const imports: string[] = []
  const globals: string[] = []
  const visit = (node: ts.Node): void => {
    const isImport = ts.isImportDeclaration(node) || ts.isExportDeclaration(node)
    const from = isImport
      ? node.moduleSpecifier
      : ts.isCallExpression(node) && isDynamic(node)
        ? node.arguments[0]
        : undefined
    if (from && ts.isStringLiteral(from)) {
      imports.push(from.text.startsWith('.') ? join(dirname(path), from.text) : from.text)
    }
    if (ts.isIdentifier(node) && nodeGlobals.includes(node.text) && !isName(node)) globals.push(node.text)
    ts.forEachChild(node, visit)
  }
  visit(file)
  return { imports, globals }
}

const isDynamic = (node: ts.CallExpression): boolean => node.expression.kind === ts.SyntaxKind.ImportKeyword

/** Whether an identifier only names a property of some object. */
function isName(node: ts.Identifier): boolean {
  const { parent } = node
  if (ts.isPropertyAccessExpression(parent)) {
    return parent.name === node && parent.expression.getText() !== 'globalThis'
  }
  return (ts.isPropertyAssignment(parent) || ts.isPropertySignature(parent)) && parent.name === node
}

/** Every breach of the rules, a line each. */
export function breaches(sources: readonly Source[]): string[] {
  const found: string[] = []
  const facts = new Map(sources.map((source) => [source.path, read(source)]))
  for (const source of sources) {
    const { path } = source
    const { imports, globals } = facts.get(path)!
    const inPackage = path.split('/').slice(0, 2).join('/')
    const say = (what: string) => found.push(`${path}: ${what}`)
    for (const target of imports) {
      const relativeTarget = target.startsWith('packages/')
      if (/(^|\/)index\.ts$/.test(target) && target !== painterDoor) say(`imports an index (${target})`)
      if (relativeTarget && !target.endsWith('.ts')) say(`an import without .ts (${target})`)
      if (relativeTarget && !target.startsWith(`${inPackage}/`)) say(`leaves its package (${target})`)
      if (path < target && facts.get(target)?.imports.includes(path)) say(`imports ${target}, and it this`)
      if (inPackage === 'packages/flowscale') for (const what of classBreaches(path, target)) say(what)
      if (inPackage === 'packages/ai-sdk') for (const what of modelBreaches(target)) say(what)
      if (inPackage === 'packages/emulator' || inPackage === 'packages/gateway') {
        for (const what of serverBreaches(path, target)) say(what)
      }
    }
    if (!isNodePart(path)) {
      for (const name of globals) say(`names ${name}`)
    }
  }
  return found
}

const isNodePart = (path: string): boolean =>
  /^packages\/(flowscale\/src\/command[./]|(gateway|emulator)\/src\/(node[./]|command\/|folder\/|cli\.ts))/.test(
    path,
  )

/** What is wrong with an import of the package of the class and the command. */
function classBreaches(path: string, target: string): string[] {
  const isEntry = /^@flowscale\/client(\/(poller|websocket|logger|proxy|typed|events|store|node))?$/.test(
    target,
  )
  if (isNodePart(path)) {
    const isInside = !target.startsWith('packages/') || isNodePart(target)
    if (!isInside) return [`the command imports the class (${target})`]
    return target.startsWith('@flowscale/') && !isEntry ? [`the command imports ${target}`] : []
  }
  if (isNodePart(target)) return [`the class imports the command (${target})`]
  const isOther = !target.startsWith('packages/') && (!isEntry || target.endsWith('/node'))
  return isOther ? [`the class imports ${target}`] : []
}

/** What is wrong with an import of the models for the AI SDK: they run wherever the client does. */
function modelBreaches(target: string): string[] {
  const isOwn = target.startsWith('packages/') || /^@flowscale\/client(\/(poller|typed))?$/.test(target)
  return isOwn ? [] : [`a model imports ${target}`]
}

/** The room of the gateway that a file is in: an engine of `engines/`, `face`, `node`, or nothing for the rest. */
const roomOf = (path: string): string | undefined =>
  /^packages\/gateway\/src\/(engines\/\w+|face|node)\//.exec(path)?.[1]

/** What is wrong with an import of the gateway or the emulator. */
function serverBreaches(path: string, target: string): string[] {
  const found: string[] = []
  const room = roomOf(path)
  const from = roomOf(target)
  if (target.startsWith('node:') && !isNodePart(path)) found.push(`node: outside the Node part (${target})`)
  if (room === 'face' && from && from !== room) found.push(`the face imports ${target}`)
  if (room === 'node' && from?.startsWith('engines/')) found.push(`the server imports ${target}`)
  if (
    path.includes('/workflows/') &&
    room &&
    target.includes('/engines/') &&
    !target.includes('/workflows/')
  ) {
    found.push(`the reading of workflows imports ${target}`)
  }
  if (room?.startsWith('engines/') && target.startsWith('packages/')) {
    if (
      from !== room &&
      !/^packages\/gateway\/src\/(engine|engineErrors|openUrl|hasOwnTimers|within|records\/\w+)\.ts$/.test(
        target,
      )
    )
      found.push(`an engine imports ${target}`)
  }
  if (target.startsWith('@flowscale/')) {
    const entry =
      path.startsWith('packages/emulator/') && /^@flowscale\/gateway\/(face|node)$/.exec(target)?.[1]
    if (!entry) found.push(`a package of this workspace (${target})`)
    // ComfyUI's files are read by the gateway's entry for Node, and that part of it needs no Node.
    const readsFiles = path.startsWith('packages/emulator/src/comfyui/')
    if (entry === 'node' && !isNodePart(path) && !readsFiles) {
      found.push(`the server outside the Node part (${target})`)
    }
  }
  const inPainter = (file: string): boolean => file.startsWith('packages/emulator/src/painter/')
  if (inPainter(target) && !inPainter(path) && target !== painterDoor) {
    found.push(`the painter's door is its index.ts (${target})`)
  }
  if (inPainter(path) && target.startsWith('packages/') && !inPainter(target)) {
    found.push(`the painter knows nothing of the emulator (${target})`)
  }
  return found
}

const MOST_LINES = 200
const MOST_LINES_OF_ROOM = 2350

/** The lines of the gateway: of its face and the server around it, of each engine and its workflows, and of the rest. */
export function countLines(sources: readonly Source[]): { rooms: Map<string, number>; breaches: string[] } {
  const rooms = new Map<string, number>()
  const found: string[] = []
  for (const { path, text } of sources) {
    if (!path.startsWith('packages/gateway/')) continue
    const lines = text.split('\n').length - 1
    if (lines > MOST_LINES) found.push(`${path}: ${lines} lines, more than ${MOST_LINES}`)
    const room = roomOf(path)
    const ofWorkflows = /\/src\/(engines\/\w+\/workflows)\//.exec(path)?.[1]
    const name = ofWorkflows ?? (room === 'node' ? 'face' : (room ?? 'the rest'))
    rooms.set(name, (rooms.get(name) ?? 0) + lines)
  }
  for (const [room, lines] of rooms) {
    if (lines > MOST_LINES_OF_ROOM) found.push(`${room}: ${lines} lines, more than ${MOST_LINES_OF_ROOM}`)
  }
  return { rooms, breaches: found }
}

export function readSources(): Source[] {
  return ['flowscale', 'gateway', 'emulator', 'ai-sdk'].flatMap((name) => {
    const folder = `packages/${name}/src`
    return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => ({
        path: `${folder}/${file.replaceAll('\\', '/')}`,
        text: readFileSync(join(root, folder, file), 'utf8'),
      }))
  })
}

if (process.argv[1] && relative(process.argv[1], fileURLToPath(import.meta.url)) === '') {
  const sources = readSources()
  const { rooms, breaches: tooLong } = countLines(sources)
  const found = [...breaches(sources), ...tooLong]
  for (const line of found) console.error(line)
  for (const [room, lines] of rooms) console.log(`gateway, ${room}: ${lines} lines of ${MOST_LINES_OF_ROOM}`)
  console.log(`import rules: ${sources.length} files, ${found.length} breaches`)
  process.exitCode = found.length || !sources.length ? 1 : 0
}
