import type { ProjectReflection } from 'typedoc'

/** The packages are the API reference in the menu, and each lists its entry points without a group around them. */
export function nameGroups(project: ProjectReflection): void {
  for (const parent of [project, ...(project.children ?? [])]) {
    const modules = parent.groups?.find(({ title }) => title === 'Modules')
    // TypeDoc shows no title for a group of this name.
    if (modules) modules.title = parent === project ? 'API reference' : 'none'
  }
}
