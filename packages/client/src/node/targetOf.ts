import { mkdir, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { ArgumentError } from '../errors.ts'
import { safeName } from './paths.ts'
import { whyNot } from './whyNot.ts'

/** The name of an output, its link, or both. */
interface Named {
  readonly filename?: string | undefined
  readonly url?: string | null | undefined
}

/** The file to write: `path`, or the output's name in the folder `path`. */
export async function targetOf(path: string, source: Named): Promise<string> {
  try {
    if (['/', sep].includes(path.slice(-1))) {
      await mkdir(path, { recursive: true })
    } else if (!(await isFolder(path))) return path
  } catch (cause) {
    throw new ArgumentError(`path: ${path} ${whyNot(cause)}`, { cause })
  }
  return join(path, safeName(nameOf(source)))
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch (error) {
    if (Object(error).code === 'ENOENT') return false
    throw error
  }
}

/** Some servers leave out the extension of a filename. Then the link has it. */
function nameOf({ filename, url }: Named): string {
  const linked = url ? lastPart(url) : ''
  return filename && !linked.startsWith(`${filename}.`) ? filename : linked
}

function lastPart(url: string): string {
  const part = new URL(url).pathname.replace(/.*\//, '')
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
