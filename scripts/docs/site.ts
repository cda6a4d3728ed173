// What TypeDoc does not do by itself for the site.
import { readdirSync, readFileSync } from 'node:fs'
import { extname, relative, resolve } from 'node:path'
import {
  DocumentReflection,
  normalizePath,
  type ProjectReflection,
  Reflection,
  ReflectionKind,
  StructureRouter,
} from 'typedoc'

/** The site has the folders of the repository: docs/store.md is docs/store.html. */
export class FileRouter extends StructureRouter {
  override getIdealBaseName(reflection: Reflection): string {
    const file = reflection.isDocument() && reflection.project.files.getReflectionPath(reflection)
    return file
      ? relative('.', file).replaceAll('\\', '/').replace(/\.md$/, '')
      : super.getIdealBaseName(reflection)
  }
}

/** Makes each example a page, so that a link shows code and downloads no file. */
export function addExamples(project: ProjectReflection): void {
  const files = readdirSync('examples', { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => /\.(html|js|mjs|tsx?)$/.test(file) && !file.includes('node_modules'))
  for (const name of files.sort()) {
    const path = resolve('examples', name)
    // Four, as an example may hold three.
    const code = `\`\`\`\`${extname(name).slice(1)}\n${readFileSync(path, 'utf8')}\`\`\`\`\n`
    const content = [{ kind: 'code' as const, text: `# ${name}\n\n${code}` }]
    const page = new DocumentReflection(name, project, content, { group: 'Examples' })
    project.addChild(page)
    project.registerReflection(page, undefined, normalizePath(path))
  }
}

/** The packages are the API reference in the menu, and each lists its entry points without a group around them. */
export function nameGroups(project: ProjectReflection): void {
  for (const parent of [project, ...(project.children ?? [])]) {
    const modules = parent.groups?.find(({ title }) => title === 'Modules')
    // TypeDoc shows no title for a group of this name.
    if (modules) modules.title = parent === project ? 'API reference' : 'none'
  }
}

/**
 * Links each `{@link Name}` in a file that does not import `Name`, because TypeDoc does not. The link leads to the export of
 * the same entry point, else of the same package, else of another.
 */
export function linkNames(project: ProjectReflection): void {
  const exported = project.getReflectionsByKind(ReflectionKind.SomeExport)
  for (const reflection of Object.values(project.reflections)) {
    const { summary = [], blockTags = [] } = reflection.comment ?? {}
    for (const part of [...summary, ...blockTags.flatMap(({ content }) => content)]) {
      if (part.kind !== 'inline-tag' || part.tag !== '@link' || isLinked(part.target)) continue
      const [name, ...members] = part.text.split('.')
      const [nearest] = exported
        .filter((other) => other.name === name)
        .sort((a, b) => sharedParents(b, reflection) - sharedParents(a, reflection))
      const target = members.length ? nearest?.getChildByName(members) : nearest
      if (target) part.target = target
    }
  }
}

/** Names of other packages are left as symbols. */
const isLinked = (target: unknown): boolean => typeof target === 'string' || target instanceof Reflection

function sharedParents(a: Reflection, b: Reflection): number {
  const ofB = parents(b)
  return parents(a).filter((parent) => ofB.includes(parent)).length
}

const parents = ({ parent }: Reflection): Reflection[] => (parent ? [parent, ...parents(parent)] : [])
