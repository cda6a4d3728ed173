import { execFileSync, type StdioOptions } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { install, pack as packAll } from '../bundlers/pack.ts'

/** Packs a package into a folder; gives the names of its files. */
export function pack(name: string, folder: string): string[] {
  const args = ['pack', '--json', '--pack-destination', folder, '-w', `packages/${name}`]
  const stdio: StdioOptions = ['ignore', 'pipe', 'pipe']
  const [packed] = JSON.parse(execFileSync('npm', args, { encoding: 'utf8', stdio }))
  return packed.files.map(({ path }: { path: string }) => path).sort()
}

/** Installs packages in a folder, as a user does. */
export function installPacked(folder: string): void {
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }')
  install(folder, ...packAll(folder, 'client', 'gateway', 'emulator', 'flowscale'))
}
