import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { type PackageName, pack } from '../../bundlers/pack.ts'

/** Where the frameworks are installed. */
export const frameworks: string = resolve('test/frameworks')

/** Below them, so that they are found; our packages lie in the app, as npm would install their tarballs. */
export function createApp(
  name: string,
  files: Record<string, string>,
  packages: readonly PackageName[] = ['client'],
): string {
  const app = join(frameworks, '.tmp', name)
  const remove = () => rmSync(app, { recursive: true, force: true, maxRetries: 5 })
  remove()
  process.on('exit', remove)
  for (const own of packages) {
    const folder = join(app, 'node_modules/@flowscale', own)
    mkdirSync(folder, { recursive: true })
    execFileSync('tar', ['-xzf', tarball(own), '-C', folder, '--strip-components=1'])
  }
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(app, file)), { recursive: true })
    writeFileSync(join(app, file), text)
  }
  return app
}

const packed = new Map<PackageName, string>()

function tarball(name: PackageName): string {
  if (!packed.has(name)) {
    const folder = mkdtempSync(join(tmpdir(), 'flowscale-frameworks-'))
    process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
    packed.set(name, pack(folder, name)[0]!)
  }
  return packed.get(name)!
}
