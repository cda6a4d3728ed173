// `npm run docs`: a site of the README, the pages of docs/, the examples and the API reference, in `site/` or
// `-- --out FOLDER`. It works from a folder, without a server. A link that leads nowhere fails the build.
import { parseArgs } from 'node:util'
import { Application, Converter, PageEvent } from 'typedoc'
import { groups, pages } from './docs/pages.ts'
import { addExamples, FileRouter, linkNames, nameGroups } from './docs/site.ts'
import { ensureBuilt, root } from './lib/ensure.mjs'

process.chdir(root)
const { values } = parseArgs({ options: { out: { type: 'string', default: 'site' } } })
ensureBuilt()

const groupOf = pages()
const app = await Application.bootstrapWithPlugins({
  out: values.out,
  projectDocuments: [...groupOf.keys()],
  groupOrder: [...groups, 'Examples', 'Modules', '*'],
  router: 'file',
})
app.renderer.defineRouter('file', FileRouter)
app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_, page) => {
  const [, heading] = /^# (.*)/m.exec(page.content.map(({ text }) => text).join('')) ?? []
  page.frontmatter.group = groupOf.get(`${page.name}.md`)
  page.name = heading ?? page.name
  // In the results of a search, a guide comes before the members of the API.
  page.relevanceBoost = 40
})
// Before TypeDoc makes groups, and after it linked the names that it knows.
app.on(Application.EVENT_PROJECT_REVIVE, addExamples, 100)
app.on(Application.EVENT_PROJECT_REVIVE, nameGroups, -400)
app.on(Application.EVENT_PROJECT_REVIVE, linkNames, -400)
app.renderer.on(PageEvent.END, (page) => {
  page.contents = (page.contents ?? '')
    // Each page has the icons in itself by assets/icons.js, and a file:// page may read no other.
    .replaceAll(/href="[^"]*assets\/icons\.svg#/g, 'href="#')
    .replace('<div class="col-content">', '<div class="col-content" role="main">')
})

const project = await app.convert()
if (project) {
  app.validate(project)
  await app.generateOutputs(project)
}
if (!project || app.logger.hasErrors() || app.logger.hasWarnings()) process.exitCode = 1
