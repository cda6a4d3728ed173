import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { Parcel } from '@parcel/core'

const { resolve } = createRequire(import.meta.url)
const manifest = resolve('@parcel/core').replace(/\/core\/.*/, '/core/package.json')
export const { version } = JSON.parse(readFileSync(manifest, 'utf8'))

export async function bundle({ entry, outfile, runtime, dev, folder }) {
  const bundler = new Parcel({
    entries: entry,
    projectRoot: folder,
    defaultConfig: resolve('@parcel/config-default'),
    mode: dev ? 'development' : 'production',
    env: { NODE_ENV: dev ? 'development' : 'production' },
    shouldDisableCache: true,
    cacheDir: join(dirname(outfile), '.cache'),
    shouldAutoInstall: false,
    shouldContentHash: false,
    defaultTargetOptions: { shouldOptimize: !dev, shouldScopeHoist: !dev, sourceMaps: false },
    targets: {
      // Not `main`, which is for libraries.
      app: {
        distDir: dirname(outfile),
        distEntry: basename(outfile),
        optimize: !dev,
        scopeHoist: !dev,
        // Its minifier takes nothing away from the top level of CommonJS, its default for Node.
        ...(runtime === 'Node'
          ? { context: 'node', engines: { node: '>=20' }, outputFormat: 'esmodule', includeNodeModules: true }
          : { context: 'browser', engines: { browsers: 'last 2 Chrome versions' } }),
      },
    },
  })
  const event = await bundler.run()
  return event.type === 'buildSuccess' ? [] : event.diagnostics.map(({ message }) => message)
}
