// The app of docs/proxy-any.md in Bun and in Deno, and on Node by `toNodeHandler`.
import { join } from 'node:path'
import { suiteWithBrowser } from '../browser/kit/browser.ts'
import { frameworks } from './kit/createApp.ts'
import { run } from './kit/start.ts'
import { testMount } from './kit/testApp.ts'

const test = suiteWithBrowser('any framework')

for (const name of ['Bun', 'Deno', 'Node']) {
  const { app } = testMount(test, {
    name,
    document: 'proxy-any.md',
    files: {
      'package.json': '{ "private": true, "type": "module" }',
      'tsconfig.json': JSON.stringify({
        compilerOptions: {
          ...{ target: 'ES2022', module: 'NodeNext', strict: true, exactOptionalPropertyTypes: true },
          ...{ types: ['node'], lib: ['ES2023', 'DOM', 'DOM.Iterable'], skipLibCheck: true, noEmit: true },
          allowImportingTsExtensions: true,
        },
        files: ['node.ts'],
      }),
    },
    checks: ['runAndReload', 'cancel', 'keepApart', 'stream'],
    serving: name === 'Node' ? /^npx tsx / : new RegExp(`^${name.toLowerCase()} `),
    starting: (program) => ({
      ...program,
      args: program.args.map((arg) => (arg.startsWith('--port=') ? '--port=0' : arg)),
    }),
  })
  if (name === 'Node')
    test('its types are right', async () => {
      await run(app, join(frameworks, 'node_modules/typescript/bin/tsc'), '-p', '.')
    })
}
