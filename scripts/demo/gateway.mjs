// `npm start -- --gateway [FLAGS]`: the gateway in front of the small ComfyUI of the tests. It needs no real ComfyUI.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

const started = []
const start = (stdout, ...args) => {
  const child = spawn(process.execPath, args, { stdio: ['ignore', stdout, 'inherit'] })
  started.push(child)
  return child
}
const stop = () => {
  for (const child of started) child.kill()
}
process.on('SIGINT', stop).on('SIGTERM', stop)

const comfy = start('pipe', '--import', 'tsx', 'test/comfyui/server/main.ts')
const [line] = await once(createInterface({ input: comfy.stdout }), 'line')
const { url } = JSON.parse(line)
const flags = ['--comfyui', url, '--workflows', 'test/comfyui/workflows', ...process.argv.slice(3)]
const [code] = await once(start('inherit', 'packages/gateway/bin/flowscale-gateway.js', ...flags), 'exit')
stop()
process.exitCode = code ?? 0
