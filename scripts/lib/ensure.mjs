// `npm start` and `npm test` run this first. Plain JavaScript of Node alone, because a fresh clone has no packages.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))

/** The folders of the packages that are published, each after those that it needs. */
export const packages = ['client', 'flowscale', 'gateway', 'emulator', 'ai-sdk', 'mcp'].map(
  (name) => `packages/${name}`,
)

function stop(why) {
  console.error(why)
  process.exit(1)
}

/** Runs npm quietly in a folder of this repository; ends this process if npm fails. */
function npm(why, folder, ...args) {
  console.error(`${why} (npm ${args.join(' ')}) …`)
  // The npm that started this process, if there is one: found on every platform.
  const cli = process.env.npm_execpath
  const [command, rest] = cli ? [process.execPath, [cli]] : ['npm', []]
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error', '--silent']
  const { status } = spawnSync(command, [...rest, ...args, ...quiet], {
    cwd: join(root, folder),
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  if (status !== 0) stop(`npm ${args.join(' ')} failed`)
}

const mtime = (path) => (existsSync(join(root, path)) ? statSync(join(root, path)).mtimeMs : 0)

/** When anything below a folder changed last. */
const newest = (folder) =>
  Math.max(...readdirSync(join(root, folder), { recursive: true }).map((name) => mtime(`${folder}/${name}`)))

/** Builds the packages if a source is newer than the build. */
function ensureBuilt() {
  const built = packages.map((folder) => mtime(`${folder}/dist/index.d.ts`))
  const sources = [...packages, 'packages/playground'].map((folder) => newest(`${folder}/src`))
  if (Math.min(...built) < Math.max(...sources, mtime('rollup.config.mjs')))
    npm('Building the packages, once', '.', 'run', 'build')
}

/** The pinned runtimes run on Linux on x64 only. */
export const fitRuntimes = process.platform === 'linux' && process.arch === 'x64'

const isInstalled = (folder) =>
  mtime(`${folder}/node_modules/.package-lock.json`) >= mtime(`${folder}/package-lock.json`)
export const haveRuntimes = () => fitRuntimes && isInstalled('test/runtimes')

/** The paths on Debian. For other paths, set CHROMIUM_PATH, FIREFOX_PATH and REDIS_PATH. */
export const chromium = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium-headless-shell'
export const firefox = process.env.FIREFOX_PATH ?? '/usr/bin/firefox-esr'
export const redis = process.env.REDIS_PATH ?? '/usr/bin/redis-server'
const programs = {
  'chromium-headless-shell': chromium,
  'firefox-esr': firefox,
  'redis-server': redis,
  'ceph-mon': '/usr/bin/ceph-mon',
  'ceph-osd': '/usr/bin/ceph-osd',
  radosgw: '/usr/bin/radosgw',
  nginx: '/usr/sbin/nginx',
  caddy: '/usr/bin/caddy',
  curl: '/usr/bin/curl',
  jq: '/usr/bin/jq',
  python3: '/usr/bin/python3',
  'php-cli': '/usr/bin/php',
  'python3-openapi-spec-validator': '/usr/bin/openapi-spec-validator',
  'python3-openapi-core': '/usr/lib/python3/dist-packages/openapi_core',
  'python3-openai': '/usr/lib/python3/dist-packages/openai',
  webp: '/usr/bin/img2webp',
  zsh: '/usr/bin/zsh',
  fish: '/usr/bin/fish',
}

/** Builds or installs what is missing: `build`, a program of apt, or the packages of a folder. If it can't, it ends this process. */
export function ensure(...needs) {
  for (const need of needs) {
    if (need === 'build') ensureBuilt()
    else if (programs[need]) ensureProgram(need)
    else if (need === 'test/runtimes' && !fitRuntimes)
      stop(`The runtimes in ${need} run on Linux on x64 only.`)
    else if (!isInstalled(need))
      npm(`Installing the packages of ${need === '.' ? 'this folder' : need}`, need, 'ci')
  }
}

const LOCK = 'DPkg::Lock::Timeout=600'

function ensureProgram(name) {
  if (existsSync(programs[name])) return
  const isRoot = process.getuid?.() === 0
  // On a new machine, another apt may be at work.
  const apt = (...args) =>
    spawnSync(isRoot ? 'apt-get' : 'sudo', [...(isRoot ? [] : ['-n', 'apt-get']), '-o', LOCK, ...args], {
      stdio: ['ignore', 'ignore', 'inherit'],
    }).status === 0
  // An update heeds no time-out of locks.
  const update = (tries) =>
    apt('update', '-q') || (tries > 1 && spawnSync('sleep', ['5']).status === 0 && update(tries - 1))
  console.error(`Installing ${name} (apt) …`)
  const install = ['install', '-y', '-q', '--no-install-recommends', name]
  const isThere = apt(...install) || (update(24) && apt(...install))
  if (!isThere || !existsSync(programs[name]))
    stop(
      `The tests need ${name}. On Debian, run apt install ${name}. Elsewhere install it, and set CHROMIUM_PATH, FIREFOX_PATH or REDIS_PATH.`,
    )
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  ensure('.', ...process.argv.slice(2))
}
