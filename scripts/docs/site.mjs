// `npm run docs`: a site of the README, the pages of docs/, the examples and the API reference, in `site/` or
// `-- --out FOLDER`, with a start page and llms.txt. `-- --serve` shows it. A link to a page that is not there fails the build.
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, extname } from 'node:path'
import { parseArgs } from 'node:util'
import { build, serve } from 'vitepress'
import { writeApi } from './api.mjs'
import * as pages from './pages.mjs'

const { files, pageOf, relink, staged, summaryOf, titleOf } = pages
const out = { type: 'string', default: 'site' }
const { values } = parseArgs({ options: { out, serve: { type: 'boolean' } } })

const start = performance.now()
const step = (name) =>
  console.log(`${((performance.now() - start) / 1000).toFixed(0).padStart(4)} s  ${name} …`)

function write(file, text) {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}

step('Copying the pages')
rmSync(staged, { recursive: true, force: true })
cpSync('docs', `${staged}/docs`, { recursive: true })
write(`${staged}/index.md`, `---\n${readFileSync('scripts/docs/home.json', 'utf8')}---\n`)
cpSync('scripts/docs/logo.svg', `${staged}/logo.svg`)
// What docs/errors.md links.
const messages = 'test/unit/client/messages.txt'
cpSync(messages, `${staged}/${messages}`)
for (const file of [...files, ...pages.readmes]) write(`${staged}/${pageOf(file)}`, relink(file))
for (const file of pages.examples) {
  // Four, as an example may hold three.
  const code = `\`\`\`\`${extname(file).slice(1)}\n${readFileSync(file, 'utf8')}\`\`\`\`\n`
  write(`${staged}/${pageOf(file)}`, `# ${titleOf(file)}\n\n${code}`)
}
step('Reading the doc comments')
const entries = await writeApi(`${staged}/api`)
write(pages.entriesFile, JSON.stringify(entries))
step('Building the site')
await build('scripts/docs', { outDir: values.out })

step('Writing llms.txt')
// For programs, see https://llmstxt.org: the pages as Markdown, a list of them, and all guides in one.
cpSync(staged, values.out, { recursive: true })
let llms = `# ${titleOf('README.md')}\n\n> ${summaryOf('README.md')}\n`
for (const [group, names] of pages.menu) {
  llms += `\n## ${group}\n\n`
  for (const file of names) llms += `- [${titleOf(file)}](${pageOf(file)}): ${summaryOf(file)}\n`
}
llms += '\n## API\n\n'
for (const { text, link, items } of entries)
  llms += `- [${text}](${link.slice(1)}): ${items.map((item) => item.text).join(', ')}\n`
write(`${values.out}/llms.txt`, llms)
write(`${values.out}/llms-full.txt`, files.map((file) => relink(file, '.')).join('\n\n'))
console.log(`The site is in ${values.out}/`)

if (values.serve) await serve({ root: 'scripts/docs' })
