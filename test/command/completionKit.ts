import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { listen } from '../support/listen.ts'
import { bin } from './kit.ts'

/** A folder with files, `flowscale` in the PATH, and a server with three workflows: the name of one is a command. */
export async function completionFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'flowscale-completion-'))
  for (const name of ['photos', 'bin']) mkdirSync(join(folder, name))
  for (const name of ['photo one.png', 'phone.txt', 'rows.csv']) writeFileSync(join(folder, name), '')
  const program = join(folder, 'bin/flowscale')
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${bin}' "$@"\n`)
  chmodSync(program, 0o755)
  const names = { bncu0a1kipv: 'Text to Image', t3xtwr1ter00: 'Text Writer', b: '$(touch hacked)' }
  const data = Object.entries(names).map(([id, name]) => ({
    id,
    name,
    description: '',
    inputs: {},
    outputs: {},
  }))
  const server = await listen((_, response) => {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ status: 'success', data }))
  })
  return {
    folder,
    url: server.url,
    env: {
      PATH: `${join(folder, 'bin')}:/usr/bin:/bin`,
      FLOWSCALE_API_URL: server.url,
    },
    async close() {
      await server.close()
      rmSync(folder, { recursive: true })
    },
  }
}
