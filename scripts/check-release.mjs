// Refuses a release while a package lacks what its page on a registry shows: each package runs this before it is published.
// `npm publish --dry-run` only names what is missing.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { fromMarkdown } from 'mdast-util-from-markdown'

const root = fileURLToPath(new URL('..', import.meta.url))

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
  return [
    ...fields.map((field) => `${folder}/package.json: ${field}`),
    // npm and JSR resolve these only with a repository, and not reliably from a folder in it.
    ...relativeLinks(fromMarkdown(readme)).map(
      ({ url, position }) =>
        `${folder}/README.md:${position.start.line}: a whole address instead of ${url}, which leads nowhere on a registry`,
    ),
  ]
}

function relativeLinks(node) {
  const isRelative = typeof node.url === 'string' && !/^(?:[a-z]+:|#)/i.test(node.url)
  return [...(isRelative ? [node] : []), ...(node.children ?? []).flatMap(relativeLinks)]
}

/** The folders of the packages that are published. */
export const published = () =>
  readdirSync(join(root, 'packages'))
    .filter((name) => !name.includes('.'))
    .map((name) => `packages/${name}`)
    .filter((folder) => !readManifest(folder).private)

const read = (file) => readFileSync(join(root, file), 'utf8')
const readManifest = (folder) => JSON.parse(read(`${folder}/package.json`))

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const found = published().flatMap((folder) =>
    missing(folder, readManifest(folder), read(`${folder}/README.md`)),
  )
  // Not to stdout, which may be the JSON of npm.
  for (const line of found) console.error(line)
  if (found.length) console.error(`${found.length} things are missing for a release`)
  if (found.length && process.env.npm_config_dry_run !== 'true') process.exitCode = 1
}
