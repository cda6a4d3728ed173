import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build, type Metafile, type Plugin } from 'esbuild'

/** What a bundle of these files would hold: each source with what it imports. */
export async function importsOf(files: readonly string[], cwd = '.'): Promise<Metafile['inputs']> {
  const { metafile } = await build({
    stdin: { contents: files.map((file) => `import './${file}'`).join('\n'), resolveDir: resolve(cwd) },
    absWorkingDir: resolve(cwd),
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'node',
    target: 'esnext',
    tsconfig: join(cwd, 'test/tsconfig.json'),
    packages: 'external',
    logLevel: 'error',
    plugins: [
      {
        name: 'builds',
        setup: ({ onResolve }) =>
          onResolve({ filter: /\/dist\/.*\.js$/ }, ({ path }) => ({ path, external: true })),
      },
    ],
  })
  return metafile.inputs
}

const isSource = (path: string): boolean => /\.tsx?$/.test(path)

/** Each module stays a file, so that modules run in the order of the sources, and the coverage has the same files. */
function apart(cwd: string, outdir: string): Plugin {
  const { paths } = JSON.parse(readFileSync(join(cwd, 'tsconfig.base.json'), 'utf8')).compilerOptions
  const toOutput = (path: string) => `${resolve(outdir, relative(cwd, path))}.js`
  return {
    name: 'apart',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /./ }, ({ path, importer, kind }) => {
        if (kind === 'entry-point') return undefined
        const [own] = paths[path] ?? []
        if (!own && !path.startsWith('.')) return { path, external: true }
        const file = own ? resolve(cwd, own) : resolve(dirname(importer), path)
        if (file.endsWith('.json')) return undefined
        const to = isSource(file) ? toOutput(file) : file
        return { path: relative(dirname(toOutput(importer)), to).replace(/^(?!\.)/, './'), external: true }
      })
      onLoad({ filter: /\.tsx?$/ }, ({ path }) => {
        const text = readFileSync(path, 'utf8')
        // A test finds its data beside the source, not beside the output. (Not where the words are a name in quotes.)
        const contents = text.replace(/\bimport\.meta\.url(?!')/g, JSON.stringify(pathToFileURL(path).href))
        return { contents, loader: path.endsWith('x') ? 'tsx' : 'ts' }
      })
    },
  }
}

let count = 0

/** What runs a test file. */
export const child = 'test/support/child.ts'

/** Sources as JavaScript in a folder, which Node starts without a loader. */
export interface Transpiled {
  /** Where a source is now. */
  outputOf(file: string): string
  /** Writes a source again that has changed. */
  update(file: string): Promise<void>
}

/** Transpiles test files and all that they import, into a folder of `cwd/.tmp` that is removed at the exit of this process. */
export async function transpile(files: readonly string[], cwd = '.'): Promise<Transpiled> {
  const root = resolve(cwd)
  const outdir = join(root, '.tmp', `js-${process.pid}-${count++}`)
  for (const folder of ['packages', 'test'].flatMap((name) =>
    readdirSync(join(root, name)).map((one) => `${name}/${one}`),
  )) {
    const modules = join(root, folder, 'node_modules')
    if (!existsSync(modules)) continue
    mkdirSync(join(outdir, folder), { recursive: true })
    symlinkSync(modules, join(outdir, folder, 'node_modules'))
  }
  process.once('exit', () => rmSync(outdir, { recursive: true, force: true }))
  const write = async (sources: string[]): Promise<void> => {
    await build({
      entryPoints: sources.map((file) => ({ in: join(root, file), out: file })),
      outdir,
      absWorkingDir: root,
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      tsconfig: join(root, 'test/tsconfig.json'),
      sourcemap: 'linked',
      logLevel: 'error',
      plugins: [apart(root, outdir)],
    })
  }
  await write(Object.keys(await importsOf([...files, child], root)).filter(isSource))
  return { outputOf: (file) => join(outdir, `${file}.js`), update: (file) => write([file]) }
}
