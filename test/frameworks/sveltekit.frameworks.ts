// docs/proxy.md in a real SvelteKit 3, on Node 24.
import { suiteWithBrowser } from '../browser/kit/browser.ts'
import { freePort } from '../support/listen.ts'
import { inAPage } from './kit/createApp.ts'
import { node24 } from './kit/start.ts'
import { testMount } from './kit/testApp.ts'

const test = suiteWithBrowser('SvelteKit')

// The build must know the port.
const port = await freePort()

testMount(test, {
  name: 'SvelteKit',
  section: 'SvelteKit',
  handler: 'src/flowscale.ts',
  files: {
    'src/routes/+page.svelte': inAPage.block('src/App.svelte'),
    'vite.config.ts': `import adapter from '@sveltejs/adapter-node'
import { sveltekit } from '@sveltejs/kit/vite'
export default { plugins: [sveltekit({ adapter: adapter(), paths: { origin: 'http://127.0.0.1:${port}' } })] }
`,
    'package.json': '{ "private": true, "type": "module" }',
    'src/app.html': `<!doctype html>
<html lang="en">
  <head><meta charset="utf-8"><title>FlowScale</title><link rel="icon" href="data:,">%sveltekit.head%</head>
  <body>%sveltekit.body%</body>
</html>
`,
  },
  commands: ['npx vite build', 'HOST=127.0.0.1 BODY_SIZE_LIMIT=100M node build'],
  checks: ['runAndReload', 'cancel', 'keepApart', 'stream'],
  starting: (program) => ({ ...program, env: { ...program.env, PORT: port } }),
  node: node24,
})
