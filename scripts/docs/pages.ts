import { readdirSync } from 'node:fs'

/** The pages of the site's menu by group, both in order: pages of `docs/`, or with a slash of the root. */
const order = `
Start: running files in-a-page proxy runtimes
How to: many-runs typed-workflows progress store ai-sdk emulator
Gateway: gateway gateway-several docker gateway-failures gateway-reference
Migrating: migrating /MIGRATING
Reference: functions errors command command-scripts /CHANGELOG
Background: guarantees /SECURITY performance how-it-is-built /CONTRIBUTING`

const lines = [...order.matchAll(/^(.+): (.+)$/gm)]
export const groups = lines.map(([, group]) => group!)

/** Each page of the site, as a file, and its group. One without a place comes last in How to. */
export function pages(): Map<string, string> {
  const ordered = lines.flatMap(([, group, names]) =>
    names!
      .split(' ')
      .map((name): [file: string, group: string] => [`docs/${name}.md`.replace('docs//', ''), group!]),
  )
  const found = new Map(ordered)
  for (const file of readdirSync('docs').map((name) => `docs/${name}`)) {
    if (file.endsWith('.md') && !found.has(file)) found.set(file, 'How to')
  }
  return found
}
