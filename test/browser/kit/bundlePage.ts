import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/** Where React 18 is found. */
const absWorkingDir = fileURLToPath(new URL('..', import.meta.url))

/** The script of a page, with one of the two versions of React. */
export async function bundlePage(code: string, react: 18 | 19 = 19): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: process.cwd(), loader: 'tsx' },
    absWorkingDir,
    bundle: true,
    write: false,
    format: 'esm',
    // Not that of the examples, whose names lead to the sources.
    tsconfigRaw: '{}',
    jsx: 'automatic',
    alias: react === 18 ? { react: 'react18', 'react-dom': 'react-dom18' } : {},
    define: { 'process.env.NODE_ENV': '"development"' },
  })
  return outputFiles[0]!.text
}
