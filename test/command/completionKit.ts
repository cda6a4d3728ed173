import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { listen } from '../support/listen.ts'
import { bin } from './kit.ts'

/** A folder with files, `flowscale` in the PATH, and a server with three workflows and two runs: the name of one, and an input, is a command. */
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
    inputs: id === 'b' ? {} : { text_51536: 'string', seed: 'number', 'a$(touch hacked)': 'image' },
    outputs: {},
    input_details: { seed: { required: false, description: 'Of the noise' }, text_51536: { array: true } },
  }))
  const runs = [
    ['808f34d0-0000-4000-8000-000000000000', 'running', 'a fox\n$(touch hacked)'],
    ['5c1e77aa-0000-4000-8000-000000000000', 'completed', 'a lake'],
  ].map(([_id, status, value]) => ({ _id, status, workflow_id: 'b', inputs: [{ path: 'prompt', value }] }))
  const server = await listen(({ url }, response) => {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ status: 'success', data: /\/runs\b/.test(url!) ? { runs } : data }))
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
