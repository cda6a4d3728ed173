// The emitted types, from the packed tarballs, under each compiler with the DOM, and with each other type library under
// its oldest compiler and the newest three: `strict`, and with `skipLibCheck: false`. `npm test -- --suite types matrix --case 5.9` compiles by one compiler.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { assert, suite } from '#test'
import { runCommand } from '../../scripts/test/runFile.ts'
import { installPacked } from '../support/installPacked.ts'

const here = resolve('test/types-matrix')
const modules = join(here, 'node_modules')
const deno = resolve('test/runtimes/node_modules/@deno/linux-x64-glibc/deno')
const app = mkdtempSync(join(tmpdir(), 'flowscale-types-'))
const limitMs = 600_000
const files = ['uses.ts', 'client.ts', 'flowscale.ts', 'store.ts']

type Resolution = 'bundler' | 'node16' | 'nodenext' | 'node10'
const resolutions: Resolution[] = ['bundler', 'node16', 'nodenext']
/** TypeScript 7 has it no more. */
const old: Resolution = 'node10'

interface Library {
  name: string
  lib?: string[]
  types: string[]
  /** What stands in its `node_modules`: from which folder of ours. */
  links: Record<string, string>
  /** Where it is tried in one way only. */
  usual: Resolution
  /** The first TypeScript that its authors support. Default: the oldest that is tried. */
  from?: number
}

const test = suite('types')

const libraries: Library[] = [
  { name: 'DOM', lib: ['ES2022', 'DOM'], types: [], links: {}, usual: 'bundler' },
  { name: '@types/node 18', types: ['node'], links: { '@types/node': 'node18' }, usual: 'node16' },
  { name: '@types/node 22', types: ['node'], links: { '@types/node': 'node22' }, usual: 'nodenext' },
  {
    name: '@cloudflare/workers-types',
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
    from: 5.7,
  },
]

const manifest = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'))
const compilers: string[] = Object.keys(manifest.devDependencies)
  .filter((name) => name.startsWith('typescript'))
  .sort()
const newest = compilers.at(-1)!

/** A folder as a user has it: the tarballs installed, and below it one for each library. */
test.before(() => {
  installPacked(app)
  for (const { name, links } of libraries) {
    const folder = folderOf(name)
    mkdirSync(join(folder, 'node_modules/@types'), { recursive: true })
    mkdirSync(join(folder, 'node_modules/@cloudflare'))
    for (const [link, target] of Object.entries(links))
      symlinkSync(join(modules, target), join(folder, 'node_modules', link))
    write(folder)
  }
  write(app)
})
test.after(() => rmSync(app, { recursive: true }))

function write(folder: string): void {
  cpSync(join(here, 'app'), folder, { recursive: true })
  for (const file of files.slice(1)) cpSync(join('test/types', file), join(folder, file))
}

const folderOf = (library: string): string => join(app, library.replaceAll(/\W+/g, '-'))

/** Writes how the files are compiled; gives the path of that. */
function configure(
  compiler: string,
  { name, lib = ['ES2022'], types }: Library,
  moduleResolution: Resolution,
): string {
  const config = join(folderOf(name), `tsconfig.${compiler}.${moduleResolution}.json`)
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
  writeFileSync(config, JSON.stringify({ compilerOptions, files }))
  return config
}

/** Compiles the files in several ways, and gives what was wrong with them in each. */
async function compile(compiler: string, configs: readonly string[]): Promise<string[]> {
  const run = async (...args: string[]) => {
    const { code, output } = await runCommand(process.execPath, args, { limitMs })
    return { output, wrong: code === 0 ? '' : `${output.trim()}\nexit code ${code}` }
  }
  const from = join(modules, compiler, 'lib')
  // The newest has no API, and is quick.
  if (compiler === newest) {
    const each = configs.map((config) => run(join(from, 'tsc.js'), '--pretty', 'false', '-p', config))
    return (await Promise.all(each)).map(({ wrong }) => wrong)
  }
  const { output, wrong } = await run(join(here, 'check.cjs'), join(from, 'typescript.js'), ...configs)
  return wrong ? configs.map(() => wrong) : JSON.parse(output)
}

/** What each compiler gives. It begins with the one before it, so that two run at a time. */
const given: (() => Promise<string[]>)[] = []
// A pair passes only if its library does, too, since `skipLibCheck` is off.
for (const compiler of compilers) {
  const major = Number(compiler.replace('typescript', ''))
  const pairs = libraries.flatMap((library) => {
    const isDom = library.name === 'DOM'
    if (!isDom && major < 5.9 && major !== (library.from ?? 5)) return []
    const tried = compiler === newest || (isDom && major >= 5.9) ? [...resolutions] : [library.usual]
    if (isDom && major < 7) tried.push(old)
    return tried.map((moduleResolution) => [library, moduleResolution] as const)
  })
  let said: Promise<string[]> | undefined
  const place = given.push(() => {
    said ??= compile(
      compiler,
      pairs.map((pair) => configure(compiler, ...pair)),
    )
    return said
  })
  for (const [index, [library, moduleResolution]] of pairs.entries()) {
    test(`TypeScript ${major}, ${library.name}, ${moduleResolution}`, async () => {
      given[place]?.()
      const outcomes = await given[place - 1]!()
      assert.is(outcomes.length, pairs.length)
      assert.is(outcomes[index], '')
    })
  }
}

test('Deno, its own library', async () => {
  const paths = files.map((file) => join(app, file))
  const args = ['check', '--quiet', '--node-modules-dir=manual', '--no-lock', ...paths]
  const env = { DENO_DIR: join(app, '.deno'), DENO_NO_UPDATE_CHECK: '1', NO_COLOR: '1' }
  const { code, output } = await runCommand(deno, args, { env, limitMs })
  assert.is(code, 0, output)
})

// What they are to find has to make them fail.
for (const name of ['File', 'WebSocket', 'RequestInfo', 'BufferSource']) {
  test(`the compiler notices ${name}, which is in the DOM only`, async () => {
    const declarations = join(app, 'node_modules/@flowscale/client/dist/logger.d.ts')
    const text = readFileSync(declarations, 'utf8')
    writeFileSync(declarations, `${text}\nexport type Odd = ${name};\n`)
    const [said] = await compile(newest, [configure(newest, libraries[1]!, 'node16')])
    writeFileSync(declarations, text)
    assert.match(said!, `'${name}'`)
  })
}
test('the compiler notices a wrong option', async () => {
  const uses = join(folderOf('DOM'), 'uses.ts')
  const text = readFileSync(uses, 'utf8')
  writeFileSync(uses, text.replace('maxRetries: 0', 'maxRetry: 0'))
  const [said] = await compile(newest, [configure(newest, libraries[0]!, 'bundler')])
  writeFileSync(uses, text)
  assert.match(said!, 'maxRetry')
})
