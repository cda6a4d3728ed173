import { basename, dirname } from 'node:path'
import webpack from 'webpack'

export const version = webpack.version

export async function bundle({ entry, outfile, runtime, dev, folder }) {
  const stats = await new Promise((resolve, reject) => {
    webpack(
      {
        mode: dev ? 'development' : 'production',
        context: folder,
        entry,
        devtool: false,
        target: runtime === 'Node' ? 'node' : 'web',
        output: { path: dirname(outfile), filename: basename(outfile) },
      },
      (error, result) => (error ? reject(error) : resolve(result)),
    )
  })
  const { errors, warnings } = stats.toJson({ all: false, errors: true, warnings: true })
  if (errors.length) throw new Error(errors.map(({ message }) => message).join('\n'))
  return warnings.map(({ message }) => message)
}
