// Enforces who may import whom, and that the client holds nothing of Node's. Exits 1 and names each breach.
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

/** The `api` files that the poller may use. */
const pollerApi = ['cancelRun', 'executeWorkflow', 'getOutput', 'getRun', 'getRuns']
const nodeGlobals = ['process', 'Buffer', '__dirname', '__filename', 'require', 'setImmediate']

interface Facts {
  imports: string[]
  globals: string[]
}

/** What a file imports (resolved from the root, or bare), and which of Node's globals it names. */
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
      if (/(^|\/)index\.ts$/.test(target)) say(`imports an index (${target})`)
      if (relativeTarget && !target.endsWith('.ts')) say(`an import without .ts (${target})`)
      if (relativeTarget && !target.startsWith(`${inPackage}/`)) say(`leaves its package (${target})`)
      if (inPackage === 'packages/client') {
        if (!relativeTarget) say(`a dependency in the client (${target})`)
        if (path < target && facts.get(target)?.imports.includes(path)) say(`imports ${target}, and it this`)
        const inside = path.slice('packages/client/src/'.length)
        const to = target.slice('packages/client/src/'.length)
        if (inside.startsWith('internal/') && to.startsWith('api/')) say(`internal imports api (${to})`)
        if (!inside.startsWith('poller/') && to.startsWith('poller/')) say(`imports the poller (${to})`)
        if (inside.startsWith('poller/') && to.startsWith('api/') && !pollerApi.includes(to.slice(4, -3))) {
          say(`the poller imports ${to}`)
        }
        if (!inside.startsWith('proxy/') && to.startsWith('proxy/')) say(`imports the proxy (${to})`)
        if (
          /^(websocket|logger|proxy)/.test(inside) &&
          /^(api\/|poller|websocket|logger|proxy)/.test(to) &&
          inside.split(/[/.]/)[0] !== to.split(/[/.]/)[0]
        ) {
          say(`imports ${to}`)
        }
      }
      const isEntry = /^@flowscale\/client(\/(poller|websocket|logger|proxy))?$/.test(target)
      if (inPackage === 'packages/flowscale' && !relativeTarget && !isEntry)
        say(`the class imports ${target}`)
      if (inPackage === 'packages/emulator') {
        if (target.startsWith('@flowscale/')) say(`the emulator imports ${target}`)
        if (target.startsWith('node:') && !isNodePart(path)) say(`node: outside the Node part (${target})`)
      }
    }
    if (inPackage === 'packages/client' || !isNodePart(path)) {
      for (const name of globals) say(`names ${name}`)
    }
    if (
      inPackage === 'packages/client' &&
      /\bnode:[a-z]/.test(source.text.replace(/\/\*[\s\S]*?\*\//g, ''))
    ) {
      say('names node:')
    }
  }
  return found
}

const isNodePart = (path: string): boolean => /^packages\/emulator\/src\/(node[./]|cli\.ts)/.test(path)

export function readSources(): Source[] {
  return ['client', 'flowscale', 'emulator'].flatMap((name) => {
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
  const found = breaches(sources)
  for (const line of found) console.error(line)
  console.log(`import rules: ${sources.length} files, ${found.length} breaches`)
  process.exitCode = found.length || !sources.length ? 1 : 0
}
