import { type ProjectReflection, Reflection, ReflectionKind } from 'typedoc'

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
