// The pages of the site that are files of the repository.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { packages } from '../lib/ensure.mjs'

/** The site's menu, which is also the order of llms.txt: pages of docs/, or with a slash of the root. */
const order = `
Guides: running files in-a-page proxy store progress many-runs typed-workflows ai-sdk mcp emulator compared /MIGRATING
Commands and servers: command command-scripts gateway gateway-hosting without-client openai gateway-keys gateway-several gateway-many webhooks gateway-failures gateway-operating
Reference: functions errors runtimes proxy-reference emulator-reference gateway-reference /CHANGELOG
For engineers: guarantees performance how-it-is-built /SECURITY /CONTRIBUTING /test/README`

const filesOf = (names) => names.split(' ').map((name) => `docs/${name}.md`.replace('docs//', ''))
/** Each group with its files. */
export const menu = [...order.matchAll(/^(.+): (.+)$/gm)].map(([, group, names]) => [group, filesOf(names)])
export const files = ['README.md', ...menu.flatMap(([, names]) => names)]
for (const name of readdirSync('docs'))
  if (name.endsWith('.md') && !files.includes(`docs/${name}`)) throw new Error(`${name} is not in the menu`)

export const readmes = packages.map((folder) => `${folder}/README.md`)
export const examples = readdirSync('examples', { recursive: true })
  .map((name) => `examples/${name.replaceAll('\\', '/')}`)
  .filter((file) => /\.(html|js|mjs|tsx?)$/.test(file) && !file.includes('node_modules'))
  .sort()

/** The folder that the site is made from, and the menu of its API reference. */
export const staged = 'scripts/docs/.tmp/pages'
export const entriesFile = 'scripts/docs/.tmp/entries.json'

/** A file's page below that folder. The site has a start page of its own, so the README is beside it. */
export const pageOf = (file) => {
  if (file === 'README.md') return 'readme.md'
  return examples.includes(file) ? `${file.replace('.', '-')}.md` : file.replace(/README\.md$/, 'index.md')
}

/** A file's text, whose links to files become links to their pages, from the page's folder or another. */
export function relink(file, folder = posix.dirname(file)) {
  return readFileSync(file, 'utf8').replaceAll(/\]\(([\w./-]+)(#[\w-]+)?\)/g, (link, path, hash = '') => {
    const target = posix.join(posix.dirname(file), path)
    return existsSync(target) ? `](${posix.relative(folder, pageOf(target))}${hash})` : link
  })
}

export const titleOf = (file) =>
  file.endsWith('.md')
    ? /^# (.*)/m.exec(readFileSync(file, 'utf8'))[1].replaceAll('`', '')
    : file.replace('examples/', '')

/** The first sentence of the first paragraph. */
export function summaryOf(file) {
  const text = readFileSync(file, 'utf8').replaceAll(/^```.*?^```/gms, '')
  const [, sentence] = /^(?=[\w`*[])(.+?)(?:\.\s|:?\n\n)/ms.exec(text)
  return `${sentence.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll('\n', ' ')}.`
}
