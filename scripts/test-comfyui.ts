// `npm run test:comfyui -- --url http://127.0.0.1:8188 [--url …]`: the gateway on real ComfyUI servers that you started.
// With several addresses also two gateways before all of them: `--runs` says how many runs (300), and `--trouble` is a
// command for the middle of it, for instance one that kills a server and starts it again. `--only-cluster` leaves the rest
// out. Without an address it says how to start one. Ends with `N passed, N failed, N skipped`.
import { parseArgs } from 'node:util'
import { testCluster } from '../test/comfyui/real/testCluster.ts'
import { listChecks, testComfy } from '../test/comfyui/real/testComfy.ts'
import { ensureBuilt } from './lib/ensure.mjs'

const { values } = parseArgs({
  options: {
    url: { type: 'string', multiple: true, default: [] },
    runs: { type: 'string', default: '300' },
    trouble: { type: 'string' },
    'only-cluster': { type: 'boolean', default: false },
  },
})
const urls = values.url.map((url) => url.replace(/\/+$/, ''))
ensureBuilt()
const total = { passed: 0, failed: 0, skipped: 0 }
if (urls.length === 0) {
  total.skipped = (await listChecks()).length
  console.log(`No ComfyUI to test. Start one:

  git clone https://github.com/comfyanonymous/ComfyUI && cd ComfyUI && pip install -r requirements.txt
  cp -r ${process.cwd()}/test/comfyui/nodes/* custom_nodes/
  python main.py --cpu --port 8188

Then: npm run test:comfyui -- --url http://127.0.0.1:8188
It makes small pictures, leaves them in output/, and stops none of your runs. Without the nodes it tests less.
`)
}
for (const url of values['only-cluster'] ? [] : urls) {
  const { passed, failed, skipped } = await testComfy(url, console.log)
  total.passed += passed
  total.failed += failed
  total.skipped += skipped
}
if (urls.length > 1) {
  const problems = await testCluster(urls, Number(values.runs), values.trouble, console.log)
  if (problems.length) total.failed++
  else total.passed++
}
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
process.exitCode = total.failed || (urls.length > 0 && !total.passed) ? 1 : 0
