import { execFileSync } from 'node:child_process'
import { importsOf } from './transpile.ts'

/** What differs from the last commit, new files too. */
export function changedFiles(): string[] {
  const git = (...args: string[]) =>
    execFileSync('git', args, { encoding: 'utf8' }).split('\n').filter(Boolean)
  return [...git('diff', '--name-only', 'HEAD'), ...git('ls-files', '--others', '--exclude-standard')]
}

/** The test files that have changed themselves, or import a file that has. */
export async function touchedBy(
  changed: readonly string[],
  files: readonly string[],
): Promise<ReadonlySet<string>> {
  const inputs = await importsOf(files)
  const touched = new Set(changed)
  for (let before = -1; before < touched.size; ) {
    before = touched.size
    for (const [file, { imports }] of Object.entries(inputs)) {
      if (imports.some(({ path }) => touched.has(path))) touched.add(file)
    }
  }
  return touched
}
