import { relative } from 'node:path'
import { type Reflection, StructureRouter } from 'typedoc'

/** The site has the folders of the repository: docs/store.md is docs/store.html. */
export class FileRouter extends StructureRouter {
  override getIdealBaseName(reflection: Reflection): string {
    const file = reflection.isDocument() && reflection.project.files.getReflectionPath(reflection)
    return file
      ? relative('.', file).replaceAll('\\', '/').replace(/\.md$/, '')
      : super.getIdealBaseName(reflection)
  }
}
