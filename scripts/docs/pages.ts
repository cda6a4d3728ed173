import { existsSync, readdirSync } from 'node:fs'

/** The pages of the site's menu by group, both in order. A page of `docs/` that has no place here is in How to. */
const order: Record<string, string[]> = {
  Start: ['docs/guides', 'docs/running', 'docs/waiting', 'docs/files', 'docs/in-a-page', 'docs/runtimes'],
  'How to': [
    ...[
      'docs/many-runs',
      'docs/typed-workflows',
      'docs/progress',
      'docs/store',
      'docs/react',
      'docs/websocket',
    ],
    ...['docs/ai-sdk', 'docs/testing', 'docs/proxy', 'docs/proxy-express'],
  ],
  Gateway: [
    ...[
      'docs/gateway-one-machine',
      'docs/gateway-three-gpus',
      'docs/gateway-workers',
      'docs/gateway-deno-bun',
    ],
    ...['docs/gateway-storage', 'docs/your-own-comfyui'],
  ],
  Reference: ['docs/functions', 'docs/errors', 'docs/command', 'MIGRATING', 'CHANGELOG'],
  Background: ['docs/guarantees', 'SECURITY', 'docs/performance', 'CONTRIBUTING'],
}

export const groups = Object.keys(order)

/** Each page of the site, as a file, and its group. */
export function pages(): Map<string, string> {
  const all = Object.values(order).flat()
  const others = readdirSync('docs')
    .map((file) => `docs/${file}`)
    .filter((file) => file.endsWith('.md') && !all.includes(file.slice(0, -3)))
  const withOthers = { ...order, 'How to': [...order['How to']!, ...others.map((file) => file.slice(0, -3))] }
  const found = Object.entries(withOthers).flatMap(([group, names]) =>
    names.map((name): [string, string] => [`${name}.md`, group]),
  )
  return new Map(found.filter(([file]) => existsSync(file)))
}
