// `npm start -- --gateway [FLAGS]`: the gateway in front of the small ComfyUI of the tests. It needs no real ComfyUI.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startSmallComfy } from '../../test/support/startProcess.ts'

const comfy = await startSmallComfy()
const data = mkdtempSync(join(tmpdir(), 'flowscale-demo-'))
const workflows = join(data, 'workflows')
// Without the files that can't run.
const filter = (file: string) => !/(failing\.json|\.png)$/.test(file)
cpSync('test/comfyui/workflows', workflows, { recursive: true, filter })
const flags = [
  '--comfyui',
  comfy.told.url,
  '--workflows',
  workflows,
  '--data',
  data,
  ...process.argv.slice(3),
]
const command = ['packages/gateway/bin/flowscale-gateway.js', ...flags]
const gateway = spawn(process.execPath, command, { stdio: ['ignore', 'inherit', 'inherit'] })
const stop = () => gateway.kill()
process.on('SIGINT', stop).on('SIGTERM', stop)
const [code] = await once(gateway, 'exit')
await comfy.stop()
rmSync(data, { recursive: true })
process.exitCode = code ?? 0
