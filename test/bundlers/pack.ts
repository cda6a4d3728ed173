import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

export type PackageName = 'client' | 'flowscale' | 'gateway' | 'emulator' | 'ai-sdk' | 'mcp'

const npm = (...args: string[]): string =>
  execFileSync('npm', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

/** Packs packages of the workspace into a folder; gives their tarballs. */
export function pack(folder: string, ...names: PackageName[]): string[] {
  const packages = names.flatMap((name) => ['-w', `packages/${name}`])
  const packed = JSON.parse(npm('pack', '--json', '--pack-destination', folder, ...packages))
  return packed.map(({ filename }: { filename: string }) => join(folder, filename))
}

/** Installs packages in a folder; gives what npm said. */
export const install = (folder: string, ...packages: string[]): string =>
  npm('install', '--prefix', folder, '--no-audit', '--no-fund', '--prefer-offline', ...packages)

/** A new folder that sees no modules but its own: none of this repository, and none left in a folder above it. */
export function emptyFolder(prefix: string): string {
  const isAlone = (folder: string): boolean =>
    !existsSync(join(folder, 'node_modules')) && (folder === dirname(folder) || isAlone(dirname(folder)))
  const place = [tmpdir(), '/var/tmp', homedir()].find((folder) => existsSync(folder) && isAlone(folder))
  if (!place) throw new Error('each temporary folder has a node_modules in or above it')
  return mkdtempSync(join(place, prefix))
}
