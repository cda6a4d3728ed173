import { basename, dirname } from 'node:path'
import { build, version } from 'vite'

export { version }

export async function bundle({ entry, outfile, runtime, dev, folder }) {
  const warnings = []
  const warn = (message) => warnings.push(message)
  await build({
    root: folder,
    configFile: false,
    mode: dev ? 'development' : 'production',
    logLevel: 'warn',
    customLogger: {
      info() {},
      warn,
      warnOnce: warn,
      error: warn,
      clearScreen() {},
      hasErrorLogged: () => false,
      hasWarned: false,
    },
    build: {
      outDir: dirname(outfile),
      emptyOutDir: false,
      minify: !dev,
      modulePreload: false,
      rolldownOptions: {
        input: entry,
        treeshake: !dev,
        // Without `minify`, Vite still drops dead code.
        output: { entryFileNames: basename(outfile), ...(dev && { minify: false }) },
      },
      ...(runtime === 'Node' && { ssr: true }),
    },
    ...(runtime === 'Node' && { ssr: { noExternal: true } }),
  })
  return warnings
}
