import { readdirSync, readFileSync } from 'node:fs'
import { extname, resolve } from 'node:path'
import { DocumentReflection, normalizePath, type ProjectReflection } from 'typedoc'

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
