// `npm run release` publishes the packages; `-- --dry` shows what would be published, and needs no account; `-- --check` only
// names what a page on a registry lacks, and refuses a release without it: each package runs it before it is published.
// `-- --built` refuses to pack a package without a build: each package runs it before it is packed.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { packages, root } from './lib/ensure.mjs'

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

/** Names what is missing, not to stdout, which may be the JSON of npm. */
function check(isDry) {
  const read = (file) => readFileSync(join(root, file), 'utf8')
  const found = packages.flatMap((folder) =>
    missing(folder, JSON.parse(read(`${folder}/package.json`)), read(`${folder}/README.md`)),
  )
  for (const line of found) console.error(line)
  if (found.length) console.error(`${found.length} things are missing for a release`)
  if (found.length && !isDry) process.exitCode = 1
}

/** Without `dist`, npm would pack no code, and say nothing. */
function checkBuilt() {
  if (existsSync('dist/index.js')) return
  console.error('✖ This package is not built. In the folder of the clone, run: npm run pack -- FOLDER')
  process.exitCode = 1
}

function publish(isDry) {
  const npm = (...args) =>
    execFileSync('npm', args, {
      cwd: root,
      encoding: 'utf8',
      stdio: ['inherit', 'pipe', isDry ? 'ignore' : 'inherit'],
    })
  npm('run', 'build')
  for (const folder of packages) {
    const how = isDry ? ['--dry-run'] : ['--provenance']
    const told = JSON.parse(npm('publish', ...how, '--json', '--access', 'public', '-w', folder))
    for (const { id, size, files } of Object.values(told))
      console.log(`${id}: ${files.length} files, ${(size / 1000).toFixed(1)} KB`)
  }
  if (isDry) check(true)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const flag = { type: 'boolean' }
  const { values } = parseArgs({ options: { built: flag, check: flag, dry: flag } })
  if (values.built) checkBuilt()
  else if (values.check) check(process.env.npm_config_dry_run === 'true')
  else publish(values.dry)
}
