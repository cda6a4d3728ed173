import { fileURLToPath } from 'node:url'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { build } from 'esbuild'

export interface Bundle {
  text: string
  /** In bytes, minified; as are the next two. */
  raw: number
  gzip: number
  brotli: number
}

/** Bundles code as an app's build does, and weighs it. Throws where esbuild warns. */
export async function bundleSize(code: string): Promise<Bundle> {
  const { outputFiles, warnings } = await build({
    stdin: { contents: code, resolveDir: fileURLToPath(new URL('../..', import.meta.url)), loader: 'js' },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    logLevel: 'silent',
  })
  if (warnings.length) throw new Error(`esbuild warned: ${warnings.map(({ text }) => text).join('; ')}`)
  const { text } = outputFiles[0]!
  return { text, raw: text.length, gzip: gzipSync(text).length, brotli: brotliCompressSync(text).length }
}
