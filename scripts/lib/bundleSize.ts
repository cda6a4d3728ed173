import { fileURLToPath } from 'node:url'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('../..', import.meta.url))

export interface Bundle {
  text: string
  /** In bytes, minified; as are the next two. */
  raw: number
  gzip: number
  brotli: number
}

/**
 * Bundles code as an app's build does, and measures it. Imports come from `folder`, except `external` ones. Throws if
 * esbuild warns. React is the app's own.
 */
export async function bundleSize(
  code: string,
  folder: string = root,
  external: string[] = ['react'],
  conditions: string[] = [],
): Promise<Bundle> {
  const { outputFiles, warnings } = await build({
    stdin: { contents: code, resolveDir: folder, loader: 'js' },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    logLevel: 'silent',
    external,
    // No condition but those that are asked for; a page's bundle has `browser`.
    platform: 'neutral',
    conditions,
  })
  if (warnings.length) throw new Error(`esbuild warned: ${warnings.map(({ text }) => text).join('; ')}`)
  const { text } = outputFiles[0]!
  return { text, raw: text.length, gzip: gzipSync(text).length, brotli: brotliCompressSync(text).length }
}
