import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { pack } from '../../bundlers/pack.ts'

/** Where the frameworks are installed. */
export const frameworks: string = resolve('test/frameworks')

/** Below them, so that they are found; the client lies in the app, as npm would install its tarball. */
export function createApp(name: string, files: Record<string, string>): string {
  const app = join(frameworks, '.tmp', name)
  const remove = () => rmSync(app, { recursive: true, force: true, maxRetries: 5 })
  remove()
  process.on('exit', remove)
  const client = join(app, 'node_modules/@flowscale/client')
  mkdirSync(client, { recursive: true })
  execFileSync('tar', ['-xzf', tarball(), '-C', client, '--strip-components=1'])
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(app, file)), { recursive: true })
    writeFileSync(join(app, file), text)
  }
  return app
}

let packed: string | undefined

function tarball(): string {
  if (packed) return packed
  const folder = mkdtempSync(join(tmpdir(), 'flowscale-frameworks-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  packed = pack(folder, 'client')[0]!
  return packed
}
