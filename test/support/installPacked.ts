import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

const npm = (...args: string[]) =>
  execFileSync('npm', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

/** The tarball of a package, in a folder, and the names of its files. */
export function pack(name: string, folder: string): { tarball: string; files: string[] } {
  const [packed] = JSON.parse(npm('pack', '--json', '--pack-destination', folder, '-w', `packages/${name}`))
  return {
    tarball: join(folder, packed.filename),
    files: packed.files.map(({ path }: { path: string }) => path).sort(),
  }
}

/** Installs packages in a folder, as a user does. */
export function installPacked(folder: string): void {
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }')
  const tarballs = ['client', 'gateway', 'emulator', 'flowscale'].map((name) => pack(name, folder).tarball)
  npm('install', '--prefix', folder, '--no-audit', '--no-fund', '--prefer-offline', ...tarballs)
}
