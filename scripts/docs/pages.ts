import { readdirSync } from 'node:fs'

/** The pages of the site's menu by group, both in order. A page of `docs/` without a place here comes last in How to. */
const order: Record<string, string[]> = {
  Start: ['docs/running', 'docs/waiting', 'docs/files', 'docs/in-a-page', 'docs/runtimes'],
  'How to': [
    ...[
      'docs/many-runs',
      'docs/typed-workflows',
      'docs/progress',
      'docs/store',
      'docs/react',
      'docs/websocket',
    ],
    ...['docs/ai-sdk', 'docs/testing'],
  ],
  Proxy: [
    ...['docs/proxy', 'docs/proxy-nextjs', 'docs/proxy-express', 'docs/proxy-hono', 'docs/proxy-sveltekit'],
    ...['docs/proxy-workers', 'docs/proxy-any'],
  ],
  Gateway: [
    ...['docs/your-own-comfyui', 'docs/gateway-one-machine', 'docs/gateway-three-gpus'],
    ...['docs/gateway-workers', 'docs/gateway-storage', 'docs/gateway-failures', 'docs/gateway-reference'],
  ],
  Migrating: ['docs/migrating', 'MIGRATING', 'docs/migrating-axios', 'docs/migrating-comfyui'],
  Reference: [
    ...['docs/functions', 'docs/errors', 'docs/command', 'docs/command-run', 'docs/command-batch'],
    ...['docs/command-pull', 'docs/command-scripts', 'docs/emulator', 'CHANGELOG'],
  ],
  Background: ['docs/guarantees', 'SECURITY', 'docs/performance', 'docs/how-it-is-built', 'CONTRIBUTING'],
}

export const groups = Object.keys(order)

/** Each page of the site, as a file, and its group. */
export function pages(): Map<string, string> {
  const ordered = Object.entries(order).flatMap(([group, names]) =>
    names.map((name): [file: string, group: string] => [`${name}.md`, group]),
  )
  const found = new Map(ordered)
  for (const file of readdirSync('docs').map((name) => `docs/${name}`)) {
    if (file.endsWith('.md') && !found.has(file)) found.set(file, 'How to')
  }
  return found
}
