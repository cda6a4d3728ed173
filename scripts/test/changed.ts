import { execFileSync } from 'node:child_process'
import { build, type Metafile } from 'esbuild'

/** What differs from the last commit, new files too. */
export function changedFiles(): string[] {
  const git = (...args: string[]) =>
    execFileSync('git', args, { encoding: 'utf8' }).split('\n').filter(Boolean)
  return [...git('diff', '--name-only', 'HEAD'), ...git('ls-files', '--others', '--exclude-standard')]
}

/** The test files that have changed themselves, or import a file that has. */
export async function touchedBy(
  changed: readonly string[],
  files: readonly string[],
): Promise<ReadonlySet<string>> {
  const { inputs } = await importsOf(files)
  const touched = new Set(changed)
  for (let before = -1; before < touched.size; ) {
    before = touched.size
    for (const [file, { imports }] of Object.entries(inputs)) {
      if (imports.some(({ path }) => touched.has(path))) touched.add(file)
    }
  }
  return touched
}

async function importsOf(files: readonly string[]): Promise<Metafile> {
  const { metafile } = await build({
    stdin: { contents: files.map((file) => `import './${file}'`).join('\n'), resolveDir: '.' },
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'node',
    target: 'esnext',
    tsconfig: 'test/tsconfig.json',
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
  return metafile
}
