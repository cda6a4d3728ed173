// A process of its own: `main.ts --version 0.8.0 --port 0`. The first line that it prints is JSON with its url; each
// line that it reads is JSON, too: a list of faults, in the place of the present ones; or `kill worker`.
import { appendFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { startComfy } from './startComfy.ts'
import { type ComfyVersion, versions } from './versions.ts'

const { values } = parseArgs({
  options: {
    version: { type: 'string', default: '0.8.0' },
    port: { type: 'string', default: '0' },
    folder: { type: 'string' },
    speed: { type: 'string', default: '1' },
    'max-upload-bytes': { type: 'string' },
    /** Gets a line of JSON for each run and node that is really performed. */
    ledger: { type: 'string' },
    /** A node class that it does not have. */
    without: { type: 'string', multiple: true, default: [] },
  },
})

const { version, port, folder, speed, ledger, without, 'max-upload-bytes': maxUploadBytes } = values
if (!Object.hasOwn(versions, version)) {
  console.error(`small ComfyUI: no version ${version}; there are ${Object.keys(versions).join(', ')}`)
  process.exit(1)
}
const note = (line: object): void => appendFileSync(ledger!, `${JSON.stringify(line)}\n`)
const comfy = await startComfy({
  version: version as ComfyVersion,
  port: Number(port),
  speed: Number(speed),
  without,
  ...(folder !== undefined && { folder }),
  ...(maxUploadBytes !== undefined && { maxUploadBytes: Number(maxUploadBytes) }),
  ...(ledger !== undefined && {
    onPerformed: (promptId, node) => note({ promptId, node }),
  }),
  onCrash: () => process.exit(1),
})
console.log(JSON.stringify({ url: comfy.url, folder: comfy.folder, version }))

createInterface({ input: process.stdin }).on('line', (line) => {
  if (line === 'kill worker') return comfy.killWorker()
  comfy.faults.splice(0, Number.POSITIVE_INFINITY, ...JSON.parse(line))
})
const stop = (): void => void comfy.stop().then(() => process.exit(0))
process.on('SIGINT', stop)
process.on('SIGTERM', stop)
