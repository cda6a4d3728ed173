import { cpSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BuildOptions, build } from 'esbuild'

/** A folder with the suite in it, for every runtime that is a command. */
export async function bundle(): Promise<string> {
  const app = mkdtempSync(join(tmpdir(), 'flowscale-chaos-'))
  for (const name of ['command.mjs', 'workerd.mjs']) cpSync(`test/runtimes/app/${name}`, join(app, name))
  writeFileSync(join(app, 'package.json'), '{ "private": true, "type": "module" }')
  const common: BuildOptions = {
    bundle: true,
    format: 'esm',
    target: 'es2022',
    logLevel: 'error',
    // All of them have it.
    external: ['node:util'],
  }
  await build({ ...common, entryPoints: ['test/chaos/runtimes/suite.ts'], outfile: join(app, 'suite.mjs') })
  await build({ ...common, entryPoints: [join(app, 'workerd.mjs')], outfile: join(app, 'workerd.js') })
  return app
}
