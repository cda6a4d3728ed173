import { fitRuntimes } from '../lib/ensure.mjs'

type Check = [name: string, command: string, args: string[]]

export interface Suite {
  /** What is built or installed before: see `ensure`. */
  needs: string[]
  checks?: Check[]
  /** A file that is silent for so long, between the ends of two cases, is stopped. */
  limitMs?: number
}

const bin = (name: string) => `node_modules/.bin/${name}`
const typesOf = (what: string, project: string): Check => [`types of ${what}`, bin('tsc'), ['-p', project]]
/** The unit tests and checks that read what was built; all others read the sources. */
export const readsBuild =
  /^(test\/(command|dist|examples)\/|test\/unit\/(emulator\/node\/serve\.page|gateway\/cli)\.|test\/unit\/client\/internal\/upload\.|sizes)/

const limitMs = 1_800_000
const browser = 'chromium-headless-shell'

/** By name, which is also what the names of its files end with; those of `unit` end with `.test.ts`. */
export const suites: Record<string, Suite> = {
  unit: {
    needs: ['build'],
    checks: [
      typesOf('what runs anywhere', 'packages/tsconfig.anywhere.json'),
      typesOf('what runs on Node', 'packages/tsconfig.node.json'),
      typesOf('the playground', 'packages/tsconfig.playground.json'),
      typesOf('the examples', 'examples'),
      typesOf('the worker example', 'examples/tsconfig.worker.json'),
      typesOf('tests and scripts', 'test'),
      ['lint and format', bin('biome'), ['check', '--error-on-warnings', '.']],
      ['sizes', process.execPath, ['--import', 'tsx', 'scripts/size.ts']],
    ],
  },
  browser: { limitMs, needs: ['build', browser, 'test/browser'] },
  bundler: { limitMs, needs: ['build', browser, 'test/runtimes', 'test/bundlers'] },
  chaos: { limitMs, needs: ['build', ...(fitRuntimes ? ['test/runtimes'] : [])] },
  /** With the servers of `--url`. */
  comfyui: { limitMs, needs: ['build'] },
  frameworks: { limitMs, needs: ['build', browser, 'test/runtimes', 'test/frameworks'] },
  runtime: {
    limitMs,
    needs: ['build', browser, 'firefox-esr', 'redis-server', 'zsh', 'fish', 'test/runtimes'],
  },
  servers: { limitMs, needs: ['build'] },
  types: { limitMs, needs: ['build', 'test/runtimes', 'test/types-matrix'] },
}
