// The API reference as Markdown, from the doc comments of what the packages export.
import { Application, PageEvent, Reflection, ReflectionKind } from 'typedoc'

/** Writes a page for each export, and returns the entry points with their functions and classes, for the menu. */
export async function writeApi(out) {
  const app = await Application.bootstrapWithPlugins({ options: 'scripts/docs/typedoc.json', out })
  app.on(Application.EVENT_PROJECT_REVIVE, linkNames, -400)
  const entries = {}
  app.renderer.on(PageEvent.END, (page) => {
    const { model, url } = page
    if (model.isProject()) return
    const name = entryOf(model)
    const isModule = model.kindOf(ReflectionKind.Module)
    const isType = model.kindOf([ReflectionKind.Interface, ReflectionKind.TypeAlias])
    const code = `import ${isType ? 'type ' : ''}{ ${model.name} } from '${name}'`
    const head = isModule ? `# ${name}` : `$&\n\n\`\`\`ts\n${code}\n\`\`\``
    page.contents = page.contents.replace(/^# .*/m, head)
    entries[name] ??= { text: name, items: [] }
    if (!isModule && !isType) entries[name].items.push({ text: model.name, link: `/api/${url}` })
    // A package with several entry points has no exports itself.
    if (isModule && !model.children[0].kindOf(ReflectionKind.Module)) entries[name].link = `/api/${url}`
  })
  const project = await app.convert()
  if (project) app.validate(project)
  if (project) await app.generateOutputs(project)
  if (app.logger.hasErrors() || app.logger.hasWarnings()) process.exit(1)
  const isClass = ({ text }) => Number(/^[A-Z]/.test(text))
  for (const { items } of Object.values(entries)) items.sort((a, b) => isClass(a) - isClass(b))
  return Object.values(entries)
}

/** What one imports a reflection from. */
function entryOf({ name, parent, kind }) {
  const above = parent ? entryOf(parent) : ''
  if (kind !== ReflectionKind.Module || name === 'index') return above
  return above ? `${above}/${name}` : name
}

/** Links each `{@link Name}` in a file that does not import `Name` to the nearest export, because TypeDoc does not. */
function linkNames(project) {
  const exported = project.getReflectionsByKind(ReflectionKind.SomeExport)
  for (const reflection of Object.values(project.reflections)) {
    const { summary = [], blockTags = [] } = reflection.comment ?? {}
    const near = ({ parent }) =>
      [parent, parent.parent].filter((one) => reflection.getFullName().startsWith(one.getFullName())).length
    for (const part of [summary, ...blockTags.map(({ content }) => content)].flat()) {
      // Names of other packages are left as symbols.
      const isLinked = typeof part.target === 'string' || part.target instanceof Reflection
      if (part.tag !== '@link' || isLinked) continue
      const [name, ...members] = part.text.split('.')
      const [nearest] = exported.filter((other) => other.name === name).sort((a, b) => near(b) - near(a))
      part.target = members.length ? nearest?.getChildByName(members) : nearest
    }
  }
}
