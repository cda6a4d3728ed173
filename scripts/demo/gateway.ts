// `npm start -- --gateway [FLAGS]`: the gateway in front of the small ComfyUI of the tests. It needs no real ComfyUI.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { startSmallComfy } from '../../test/support/startProcess.ts'

const comfy = await startSmallComfy()
const flags = ['--comfyui', comfy.told.url, '--workflows', 'test/comfyui/workflows', ...process.argv.slice(3)]
const command = ['packages/gateway/bin/flowscale-gateway.js', ...flags]
const gateway = spawn(process.execPath, command, { stdio: ['ignore', 'inherit', 'inherit'] })
const stop = () => gateway.kill()
process.on('SIGINT', stop).on('SIGTERM', stop)
const [code] = await once(gateway, 'exit')
await comfy.stop()
process.exitCode = code ?? 0
