import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Where the peers are installed, apart from what this repository needs. */
export const peersFolder: string = fileURLToPath(new URL('peers', import.meta.url))

export const peerVersions: Record<string, string> = JSON.parse(
  readFileSync(`${peersFolder}/package.json`, 'utf8'),
).dependencies

export const peerNames: string[] = Object.keys(peerVersions)
