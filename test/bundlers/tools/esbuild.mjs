import { build, version } from 'esbuild'

export { version }

/** A job: `entry` becomes `outfile`, for a runtime; `dev`: as readable as it gets, and no tree shaking. */
export async function bundle({ entry, outfile, runtime, dev }) {
  const { warnings } = await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    platform: runtime === 'Node' ? 'node' : 'browser',
    minify: !dev,
    treeShaking: !dev,
    logLevel: 'silent',
    // As wrangler does it.
    ...(runtime === 'workerd' && { conditions: ['workerd', 'worker', 'browser'] }),
  })
  return warnings.map(({ text }) => text)
}
