// The app of docs/proxy-sveltekit.md in a real SvelteKit 3, on Node 24.
import { suiteWithBrowser } from '../browser/kit/browser.ts'
import { freePort } from '../support/listen.ts'
import { node24 } from './kit/start.ts'
import { testMount } from './kit/testApp.ts'

const test = suiteWithBrowser('SvelteKit')

// The build must know the port.
const port = await freePort()

testMount(test, {
  name: 'SvelteKit',
  document: 'proxy-sveltekit.md',
  files: {
    'package.json': '{ "private": true, "type": "module" }',
    'src/app.html': `<!doctype html>
<html lang="en">
  <head><meta charset="utf-8"><title>FlowScale</title><link rel="icon" href="data:,">%sveltekit.head%</head>
  <body>%sveltekit.body%</body>
</html>
`,
  },
  checks: ['runAndReload', 'cancel', 'keepApart', 'stream'],
  building: (program) => ({ ...program, env: { ...program.env, ORIGIN: `http://127.0.0.1:${port}` } }),
  starting: (program) => ({ ...program, env: { ...program.env, PORT: port } }),
  node: node24,
})
