import { fitRuntimes } from '../lib/ensure.mjs'

type Check = [name: string, command: string, args: string[]]

export interface Suite {
  /** What is built or installed before: see `ensure`. */
  needs: string[]
  checks?: Check[]
  /** Which files are of it, instead of those that end with its name. */
  has?: (file: string) => boolean
  /** Files that run only with `--long`, or when one asks for them. */
  long?: RegExp
  /** The files that take longest, which begin first. */
  longest?: RegExp
  /** Files that are not run once more: a second run at random would hide what the first one found. */
  final?: RegExp
  /** How many files run at a time on one core, where they wait for a good part of their time. Default: 1. */
  perCore?: number
  /** A file that is silent for so long, between the ends of two cases, is stopped. */
  limitMs?: number
}

/** By TypeScript 7, which has no API and is six times as fast as 6. */
const typesOf = (project: string): Check => [
  `types of ${project}`,
  process.execPath,
  ['node_modules/typescript7/bin/tsc', '-p', project],
]
const projects = [
  ...['anywhere', 'node', 'playground'].map((name) => `packages/tsconfig.${name}.json`),
  ...['examples', 'examples/tsconfig.worker.json', 'test'],
]
/** The tests beside those of `unit` that read what was built. */
const readsBuild =
  /^test\/((command|dist|examples)\/.*|unit\/(emulator\/node\/serve\.page|gateway\/cli|client\/internal\/upload))\.test\.ts$/

const limitMs = 1_800_000
const browser = 'chromium-headless-shell'

/** By name, which is also what the names of its files end with, but for `unit` and `built`. */
export const suites: Record<string, Suite> = {
  unit: {
    needs: [],
    perCore: 2,
    has: (file) => file.endsWith('.test.ts') && !readsBuild.test(file),
    longest: /executeMany\.test|conformance|monitor\.test|sendRun|builtIn|emulator\/cli|types of test/,
    checks: [
      ...projects.map(typesOf),
      ['lint and format', 'node_modules/.bin/biome', ['check', '--error-on-warnings', '.']],
    ],
  },
  built: {
    needs: ['build'],
    perCore: 2,
    has: (file) => readsBuild.test(file),
    longest: /readme|demo|runErrors|pull|batchTrouble/,
    checks: [['sizes', process.execPath, ['--import', 'tsx', 'scripts/size.ts']]],
  },
  browser: {
    limitMs,
    perCore: 2,
    longest: /site|playground\.|playgroundUse|react/,
    needs: ['build', browser, 'test/browser', 'scripts/docs'],
  },
  bundler: { limitMs, final: /./, needs: ['build', browser, 'test/runtimes', 'test/bundlers'] },
  chaos: { limitMs, final: /./, needs: ['build', ...(fitRuntimes ? ['test/runtimes'] : [])] },
  /** With the servers of `--url`. */
  comfyui: { limitMs, needs: ['build', 'redis-server'] },
  frameworks: {
    limitMs,
    perCore: 2,
    longest: /aiSdk|next\./,
    needs: ['build', browser, 'test/runtimes', 'test/frameworks'],
  },
  runtime: {
    limitMs,
    perCore: 2,
    longest: /files|conformance|flowscale/,
    needs: ['build', browser, 'firefox-esr', 'redis-server', 'zsh', 'fish', 'test/runtimes'],
  },
  servers: {
    limitMs,
    perCore: 2,
    longest: /disasters|cluster|batchKill/,
    final: /disasters|cluster|Kill/,
    needs: ['build', 'redis-server'],
  },
  /** With Ceph's S3. */
  s3: { limitMs, perCore: 2, needs: ['build', 'ceph-mon', 'ceph-osd', 'radosgw'] },
  types: {
    limitMs,
    final: /./,
    long: /\/matrix\./,
    needs: ['build', 'test/runtimes', 'test/types-matrix'],
  },
}
