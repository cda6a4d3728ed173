import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface SizeCase {
  name: string
  code: string
}

const root = fileURLToPath(new URL('../..', import.meta.url))
const dist = './packages/client/dist'
export const entries = [
  'index',
  'poller',
  'websocket',
  'logger',
  'proxy',
  'typed',
  'events',
  'store',
  'react',
]

/** Functions that need no client. */
export const alone = ['createClient', 'createLogger', 'createPollHistory', 'toNodeHandler']

/** Every function of the client with `createClient`, every entry point, all of them, and the class. */
export function sizeCases(): SizeCase[] {
  const functions = entries.flatMap((entry) =>
    exported(entry).map((name): SizeCase => {
      const own = `export { ${name} } from '${dist}/${entry}.js'`
      return alone.includes(name)
        ? { name, code: own }
        : { name: `createClient + ${name}`, code: `export { createClient } from '${dist}/index.js'; ${own}` }
    }),
  )
  const all = entries.map((entry): SizeCase => {
    const name = `all of @flowscale/client${entry === 'index' ? '' : `/${entry}`}`
    return { name, code: `export * from '${dist}/${entry}.js'` }
  })
  const whole = all.map(({ code }) => code).join('; ')
  return [
    ...functions,
    ...all,
    { name: 'every entry point', code: whole },
    { name: 'all of flowscale', code: "export * from './packages/flowscale/dist/index.js'" },
    {
      name: 'createClient + createFlowscale',
      code: `export { createClient } from '${dist}/index.js'; export * from './packages/ai-sdk/dist/index.js'`,
    },
  ]
}

/** The functions of an entry point; classes come with whatever throws them. */
function exported(entry: string): string[] {
  const text = readFileSync(join(root, `${dist}/${entry}.js`), 'utf8')
  const names = [...text.matchAll(/export \{([^}]*)\}/g)].flatMap(([, list]) => list!.split(','))
  return names.map((name) => name.trim().split(' as ').at(-1)!).filter((name) => /^[a-z]/.test(name))
}

/** What some are to come down to, in bytes of brotli. */
export const sizeTargets: Readonly<Record<string, number>> = {
  'createClient + checkHealth': 2400,
  'createClient + executeWorkflowAsync': 4600,
  'all of @flowscale/client': 4200,
  'all of flowscale': 7800,
}
