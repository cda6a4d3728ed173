// The emitted types, from the packed tarballs, under each compiler with each type library: `strict`, and with
// `skipLibCheck: false`. A pattern picks rows: `node --import tsx test/support/child.ts test/types-matrix/matrix.types.ts "5.9"`.
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { record } from '#test'
import { runCommand } from '../../scripts/test/runFile.ts'

const here = resolve('test/types-matrix')
const modules = join(here, 'node_modules')
const deno = resolve('test/runtimes/node_modules/@deno/linux-x64-glibc/deno')
const app = mkdtempSync(join(tmpdir(), 'flowscale-types-'))
const limitMs = 600_000
const [pattern = ''] = process.argv.slice(2)

type Resolution = 'bundler' | 'node16' | 'nodenext' | 'node10'
const resolutions: Resolution[] = ['bundler', 'node16', 'nodenext']
/** TypeScript 7 has it no more. */
const old: Resolution = 'node10'

interface Library {
  name: string
  lib: string[]
  types: string[]
  /** What stands in its `node_modules`: from which folder of ours. */
  links: Record<string, string>
  /** Where it is tried in one way only. */
  usual: Resolution
  /** The first TypeScript that its authors support, and the last that is tried all the same. */
  from?: [supported: number, tried: number]
}

const libraries: Library[] = [
  { name: 'DOM', lib: ['ES2022', 'DOM'], types: [], links: {}, usual: 'bundler' },
  {
    name: '@types/node 18',
    lib: ['ES2022'],
    types: ['node'],
    links: { '@types/node': 'node18' },
    usual: 'node16',
  },
  {
    name: '@types/node 22',
    lib: ['ES2022'],
    types: ['node'],
    links: { '@types/node': 'node22' },
    usual: 'nodenext',
  },
  {
    name: '@cloudflare/workers-types',
    lib: ['ES2022'],
    types: ['@cloudflare/workers-types'],
    links: { '@cloudflare/workers-types': '@cloudflare/workers-types' },
    usual: 'bundler',
  },
  {
    name: '@types/bun',
    lib: ['ESNext'],
    types: ['bun'],
    links: { '@types/bun': '@types/bun', '@types/node': '@types/node' },
    usual: 'bundler',
    from: [5.7, 5.6],
  },
]

const manifest = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'))
const compilers: string[] = Object.keys(manifest.devDependencies)
  .filter((name) => name.startsWith('typescript'))
  .sort()
const newest = compilers.at(-1)!
const versionOf = (folder: string): string =>
  JSON.parse(readFileSync(join(modules, folder, 'package.json'), 'utf8')).version

/** A folder as a user has it: the tarballs installed, and below it one for each library. */
function prepare(): void {
  const npm = (...args: string[]) =>
    execFileSync('npm', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  writeFileSync(join(app, 'package.json'), '{ "private": true, "type": "module" }')
  const tarballs = ['client', 'flowscale', 'gateway', 'emulator'].map((name) => {
    const [packed] = JSON.parse(npm('pack', '--json', '--pack-destination', app, '-w', `packages/${name}`))
    return join(app, packed.filename)
  })
  npm('install', '--prefix', app, '--no-audit', '--no-fund', '--prefer-offline', ...tarballs)
  for (const { name, links } of libraries) {
    const folder = folderOf(name)
    mkdirSync(join(folder, 'node_modules/@types'), { recursive: true })
    mkdirSync(join(folder, 'node_modules/@cloudflare'))
    for (const [link, target] of Object.entries(links))
      symlinkSync(join(modules, target), join(folder, 'node_modules', link))
    write(folder)
  }
  write(app)
}

function write(folder: string): void {
  cpSync(join(here, 'app'), folder, { recursive: true })
  writeFileSync(join(folder, 'empty.ts'), 'export {}\n')
}

const folderOf = (library: string): string => join(app, library.replaceAll(/\W+/g, '-'))

/** Compiles one file, and gives what was wrong with it. */
async function compile(
  compiler: string,
  { name, lib, types }: Library,
  moduleResolution: Resolution,
  file: string,
): Promise<string[]> {
  const folder = folderOf(name)
  const config = join(folder, `tsconfig.${compiler}.${moduleResolution}.${file}.json`)
  const compilerOptions = {
    target: 'ES2022',
    module: { bundler: 'ESNext', [old]: 'CommonJS' }[moduleResolution as string] ?? moduleResolution,
    moduleResolution,
    ...(compiler === 'typescript6' && moduleResolution === old && { ignoreDeprecations: '6.0' }),
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
    lib,
    types,
    // No folder above counts.
    typeRoots: ['./node_modules/@types', './node_modules'],
  }
  writeFileSync(config, JSON.stringify({ compilerOptions, files: [file] }))
  const tsc = join(modules, compiler, 'lib/tsc.js')
  const { code, output } = await runCommand(process.execPath, [tsc, '--pretty', 'false', '-p', config], {
    limitMs,
  })
  const lines = output.trim().split('\n').filter(Boolean)
  if (code === null) return [...lines, `took longer than ${limitMs} ms`]
  return code === 0 ? [] : [...lines, `exit code ${code}`]
}

async function checkDeno(file: string): Promise<string[]> {
  const args = ['check', '--quiet', '--node-modules-dir=manual', '--no-lock', join(app, file)]
  const env = { DENO_DIR: join(app, '.deno'), DENO_NO_UPDATE_CHECK: '1', NO_COLOR: '1' }
  const { code, output } = await runCommand(deno, args, { env, limitMs })
  return code === 0 ? [] : [...output.trim().split('\n'), `exit code ${code}`]
}

interface Result {
  compiler: string
  library: string
  moduleResolution: Resolution | ''
  /** `library`: an empty file fails, too. */
  result: 'passed' | 'failed' | 'library'
  /** The first of what was wrong. */
  reason: string
}

interface Pair {
  compiler: string
  library: string
  moduleResolution: Resolution | ''
  check(file: string): Promise<string[]>
}

/**
 * A pair that passes has shown that its library passes, too, since `skipLibCheck` is off; one that fails is
 * tried with an empty file, to tell whose failure it is.
 */
async function tell({ check, ...pair }: Pair): Promise<Result> {
  const problems = await check('uses.ts')
  if (!problems.length) return { ...pair, result: 'passed', reason: '' }
  const alone = await check('empty.ts')
  const [first = ''] = alone.length ? alone : problems
  const reason = first.replace(/^.*node_modules\//, '')
  // A library that isn't there is our own failure.
  if (alone.length && !reason.includes('Cannot find type definition'))
    return { ...pair, result: 'library', reason }
  console.log(`FAIL ${pair.compiler}, ${pair.library}, ${pair.moduleResolution}\n  ${problems.join('\n  ')}`)
  return { ...pair, result: 'failed', reason }
}

/** The check of the check: what it is to find has to make it fail. */
async function controls(): Promise<string[]> {
  const [, node18] = libraries as [Library, Library]
  const declarations = join(app, 'node_modules/@flowscale/client/dist/logger.d.ts')
  const text = readFileSync(declarations, 'utf8')
  const found: string[] = []
  try {
    for (const name of ['File', 'WebSocket', 'RequestInfo', 'BufferSource']) {
      writeFileSync(declarations, `${text}\nexport type Odd = ${name};\n`)
      if (!(await compile(newest, node18, 'node16', 'uses.ts')).length) found.push(`${name} was not noticed`)
    }
  } finally {
    writeFileSync(declarations, text)
  }
  const wrong = readFileSync(join(app, 'uses.ts'), 'utf8').replace('maxRetries: 0', 'maxRetry: 0')
  writeFileSync(join(folderOf('DOM'), 'wrong.ts'), wrong)
  if (!(await compile(newest, libraries[0]!, 'bundler', 'wrong.ts')).length)
    found.push('a wrong option was not noticed')
  return found
}

prepare()
const pairs: Pair[] = compilers.flatMap((compiler) =>
  libraries.flatMap((library): Pair[] => {
    const major = Number(compiler.replace('typescript', ''))
    if (library.from && major < library.from[1]) return []
    const all = compiler === newest || (library.name === 'DOM' && major >= 5.9)
    const tried = all ? [...resolutions] : [library.usual]
    if (library.name === 'DOM' && major < 7) tried.push(old)
    return tried.map((moduleResolution) => ({
      compiler: `TypeScript ${versionOf(compiler)}`,
      library: library.name,
      moduleResolution,
      check: (file) => compile(compiler, library, moduleResolution, file),
    }))
  }),
)
const denoVersion = /^deno (\S+)/.exec(execFileSync(deno, ['--version'], { encoding: 'utf8' }))?.[1]
pairs.push({ compiler: `Deno ${denoVersion}`, library: 'its own', moduleResolution: '', check: checkDeno })

const chosen = pairs.filter(({ compiler, library }) => `${compiler} ${library}`.includes(pattern))
const results: Result[] = []
const work = async (waiting: IterableIterator<[number, Pair]>) => {
  for (const [index, pair] of waiting) results[index] = await tell(pair)
}
let blind: string[]
try {
  const waiting = chosen.entries()
  await Promise.all([work(waiting), work(waiting)])
  blind = await controls()
} finally {
  rmSync(app, { recursive: true })
}
const columns = [...libraries.map(({ name }) => name), 'its own']
const width = (name: string) => Math.max(name.length, name === 'DOM' ? 15 : 10) + 2
const notes: string[] = []
const cell = (compiler: string, name: string): string => {
  const own = results.filter((result) => result.compiler === compiler && result.library === name)
  const { from } = libraries.find((library) => library.name === name) ?? {}
  if (!own.length) return from && compiler.startsWith('TypeScript') ? `from ${from[0]}` : ''
  if (own.some(({ result }) => result === 'failed')) return 'FAILED'
  const lost = own.find(({ result }) => result === 'library')
  const passed = own.map(({ moduleResolution }) => moduleResolution)
  if (!lost) return passed.join(', ').replace(resolutions.join(', '), 'all') || 'passed'
  notes.push(`${compiler}, ${name}: the library fails by itself, with an empty file: ${lost.reason}`)
  return `its own [${notes.length}]`
}
const line = (head: string, cells: string[]) =>
  `[show] ${head.padEnd(18)}${cells.map((text, place) => text.padEnd(width(columns[place]!))).join('')}`.trimEnd()
console.log(line('types', columns))
for (const compiler of new Set(results.map((result) => result.compiler)))
  console.log(
    line(
      compiler,
      columns.map((name) => cell(compiler, name)),
    ),
  )
console.log(`[show] passed with moduleResolution bundler, node16, nodenext (all), or the one named`)
notes.forEach((note, index) => {
  console.log(`[show] [${index + 1}] ${note}`)
})
if (!pattern) {
  const versions = Object.fromEntries(
    libraries.flatMap(({ links }) => Object.entries(links)).map(([, folder]) => [folder, versionOf(folder)]),
  )
  const json = JSON.stringify({ versions, results }, null, 2)
  writeFileSync(join(here, 'results.json'), `${json}\n`)
}
const count = (wanted: Result['result']) => results.filter(({ result }) => result === wanted).length
record('types', count('passed'), [
  ...results
    .filter(({ result }) => result === 'failed')
    .map(({ compiler, library, moduleResolution, reason }) => ({
      name: `${compiler}, ${library}, ${moduleResolution}`,
      error: reason,
    })),
  ...blind.map((error) => ({ name: 'the check itself', error })),
])
if (count('library') > count('passed') / 4) throw new Error('too many libraries fail by themselves')
