// `npm run release` publishes the packages; `-- --dry` shows what would be published, and needs no account; `-- --check` only
// names what a page on a registry lacks, and refuses a release without it: each package runs it before it is published.
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from './lib/ensure.mjs'

/**
 * What is missing in a package, a line each, with its file.
 * @param {string} folder such as `packages/client`
 * @param {Record<string, any>} manifest
 * @param {string} readme
 */
export function missing(folder, manifest, readme) {
  const fields = ['homepage', 'bugs', 'author'].filter((field) => !manifest[field])
  if (!manifest.repository?.url) fields.push('repository.url')
  if (manifest.repository?.directory !== folder) fields.push(`repository.directory, which is "${folder}"`)
  // npm and JSR resolve relative links only with a repository, and not reliably from a folder in it.
  const prose = readme.replace(/^```[\s\S]*?^```|`[^`\n]*`/gm, (code) => code.replace(/[^\n]/g, ''))
  const links = prose
    .split('\n')
    .flatMap((line, index) =>
      [...line.matchAll(/(?:\]\(|^\[[^\]]+\]: )(?![a-z]+:|#)([^)\s]+)/gi)].map(
        ([, url]) =>
          `${folder}/README.md:${index + 1}: a whole address instead of ${url}, which leads nowhere on a registry`,
      ),
    )
  return [...fields.map((field) => `${folder}/package.json: ${field}`), ...links]
}

/** The folders of the packages that are published, in an order in which each stands after those that it needs. */
export const published = () => {
  const folders = readdirSync(join(root, 'packages'))
    .filter((name) => !name.includes('.'))
    .map((name) => `packages/${name}`)
    .filter((folder) => !readManifest(folder).private)
  /** The packages of this repository that a package needs, and those that they need. */
  const needs = (folder) => {
    const { dependencies, peerDependencies } = readManifest(folder)
    const names = Object.keys({ ...dependencies, ...peerDependencies })
    const own = folders.filter((other) => names.includes(readManifest(other).name))
    return own.flatMap((other) => [other, ...needs(other)])
  }
  return folders.sort((a, b) => needs(a).length - needs(b).length)
}

const read = (file) => readFileSync(join(root, file), 'utf8')
const readManifest = (folder) => JSON.parse(read(`${folder}/package.json`))

/** Names what is missing, not to stdout, which may be the JSON of npm. */
function check(isDry) {
  const found = published().flatMap((folder) =>
    missing(folder, readManifest(folder), read(`${folder}/README.md`)),
  )
  for (const line of found) console.error(line)
  if (found.length) console.error(`${found.length} things are missing for a release`)
  if (found.length && !isDry) process.exitCode = 1
}

function publish(isDry) {
  const npm = (...args) =>
    execFileSync('npm', args, {
      cwd: root,
      encoding: 'utf8',
      stdio: ['inherit', 'pipe', isDry ? 'ignore' : 'inherit'],
    })
  npm('run', 'build')
  for (const folder of published()) {
    const how = isDry ? ['--dry-run'] : ['--provenance']
    const told = JSON.parse(npm('publish', ...how, '--json', '--access', 'public', '-w', folder))
    for (const { id, size, files } of Object.values(told))
      console.log(`${id}: ${files.length} files, ${(size / 1000).toFixed(1)} KB`)
  }
  if (isDry) check(true)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  if (process.argv.includes('--check')) check(process.env.npm_config_dry_run === 'true')
  else publish(process.argv.includes('--dry'))
}
