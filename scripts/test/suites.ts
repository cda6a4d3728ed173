import {
  chromium,
  ensureBuilt,
  ensureBundlers,
  ensureFrameworks,
  ensurePrograms,
  ensureRuntimes,
  ensureTypes,
  firefox,
  redis,
} from '../lib/ensure.mjs'

type Check = [name: string, command: string, args: string[]]

export interface Suite {
  /** Installs and builds what the chosen files and checks need. */
  prepare(names: readonly string[]): void
  checks?: Check[]
  /** A file that is silent for so long, between the ends of two cases, is stopped. */
  limitMs?: number
}

const bin = (name: string) => `node_modules/.bin/${name}`
const typesOf = (what: string, project: string): Check => [`types of ${what}`, bin('tsc'), ['-p', project]]
const script = (name: string, file: string, ...args: string[]): Check => [
  name,
  process.execPath,
  ['--import', 'tsx', `scripts/${file}`, ...args],
]

/** The unit tests and checks that read what was built; all others read the sources. */
export const readsBuild =
  /^(test\/(command|dist|examples)\/|test\/unit\/(emulator\/node\/serve\.page|gateway\/cli)\.|test\/integration\/(migrating|others|published)\.|test\/unit\/client\/internal\/upload\.|sizes)/

const slow = { limitMs: 1_800_000 }

/** By name, which is also what the names of its files end with. */
export const suites: Record<string, Suite> = {
  test: {
    prepare: (names) => {
      if (names.some((name) => readsBuild.test(name))) ensureBuilt()
    },
    checks: [
      typesOf('what runs anywhere', 'packages/tsconfig.anywhere.json'),
      typesOf('what runs on Node', 'packages/tsconfig.node.json'),
      typesOf('the playground', 'packages/tsconfig.playground.json'),
      typesOf('the examples', 'examples'),
      typesOf('the worker example', 'examples/tsconfig.worker.json'),
      typesOf('tests and scripts', 'test'),
      ['lint and format', bin('biome'), ['check', '--error-on-warnings', '.']],
      script('sizes', 'size.ts'),
    ],
  },
  upkeep: {
    ...slow,
    prepare: () => {
      ensureBuilt()
      ensurePrograms(chromium)
    },
    checks: [
      script('figures of the docs', 'readme.ts', '--check'),
      script('English of the docs', 'check-english.ts'),
    ],
  },
  servers: { ...slow, prepare: ensureBuilt },
  browser: {
    ...slow,
    prepare: () => {
      ensureBuilt()
      ensurePrograms(chromium)
    },
  },
  runtime: {
    ...slow,
    prepare: () => {
      ensureBuilt()
      ensurePrograms(chromium, firefox, redis)
      ensureRuntimes()
    },
  },
  bundler: {
    ...slow,
    prepare: () => {
      ensureBuilt()
      ensurePrograms(chromium)
      ensureRuntimes()
      ensureBundlers()
    },
  },
  frameworks: {
    ...slow,
    prepare: () => {
      ensureBuilt()
      ensurePrograms(chromium)
      ensureRuntimes()
      ensureFrameworks()
    },
  },
  types: {
    ...slow,
    prepare: () => {
      ensureBuilt()
      ensureRuntimes()
      ensureTypes()
    },
  },
}
