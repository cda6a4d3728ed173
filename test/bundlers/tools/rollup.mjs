import { nodeResolve } from '@rollup/plugin-node-resolve'
import terser from '@rollup/plugin-terser'
import { rollup, VERSION as version } from 'rollup'

export { version }

export async function bundle({ entry, outfile, runtime, dev }) {
  const warnings = []
  const bundled = await rollup({
    input: entry,
    treeshake: !dev,
    plugins: [nodeResolve({ browser: runtime === 'Chromium' })],
    onLog: (_level, { message }) => warnings.push(message),
  })
  await bundled.write({ file: outfile, format: 'es', plugins: dev ? [] : [terser({ module: true })] })
  await bundled.close()
  return warnings
}
