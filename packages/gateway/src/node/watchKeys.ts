// Reads the file of keys, again at each change, and adds keys to it.
import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { chmod, chown, open, realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { type Key, problemOfKeys, type WatchedKeys } from '../http/access.ts'
import { checkOptions, optional, type Rules } from '../options.ts'
import * as rules from '../rules.ts'
import { sleep } from '../runtime.ts'
import { makeKey, noneIfMissing } from './dataFolder.ts'

/** Options of {@link watchKeys}. */
export interface WatchKeysOptions {
  /** Takes a sentence at each change of the file. Default: none */
  log?: ((message: string) => void) | undefined
}

const OPTIONS: Rules<WatchKeysOptions> = {
  log: optional(rules.callback),
}

const LOOK_MS = 1_000

/**
 * Reads a file of keys, and reads it again within a second of each change. A version that can't be used is logged, and the
 * earlier keys stay. Only its owner may write the file, and its group may read it (mode 600 or 640; not checked on Windows).
 *
 * @throws `Error` for a file that can't be used; `TypeError` for an unknown or wrong option.
 *
 * @example
 * ```ts
 * const gateway = createGateway({
 *   engine: comfyui({ url: 'http://127.0.0.1:8188' }),
 *   queue: folderQueue({ folder: 'flowscale-data' }),
 *   workflows: watchWorkflows('workflows'),
 *   keys: watchKeys('keys.json', { log: console.warn }),
 * })
 * ```
 */
export function watchKeys(file: string, options: WatchKeysOptions = {}): WatchedKeys {
  checkOptions('watchKeys', options, OPTIONS)
  const { log = () => {} } = options
  const listeners = new Set<() => void>()
  let version = readPrivate(file)
  let keys = parseKeys(file, version)

  function look(): void {
    let text: string | undefined
    try {
      text = readPrivate(file)
      if (text === version) return
      version = text
      keys = parseKeys(file, text)
    } catch (error) {
      const { message } = error as Error
      // Once for each version, also of one that can't be read.
      if (text === undefined && version === message) return
      version = text ?? message
      log(`${message}. The earlier keys stay valid`)
      return
    }
    log(`${file} has changed (entries: ${keys.length})`)
    for (const listener of [...listeners]) listener()
  }

  const timer = setInterval(look, LOOK_MS)
  timer.unref?.()
  return {
    current: () => keys,
    watch(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    close: () => clearInterval(timer),
  }
}

/** Reads a file that nobody but its owner may read. */
export function readPrivate(file: string): string {
  let found: ReturnType<typeof statSync>
  let text = ''
  try {
    found = statSync(file)
    // A pipe would hold up the process, and has no second version.
    if (found.isFile()) text = readFileSync(file, 'utf8')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new Error(`Can't read ${file}: ${code === 'ENOENT' ? 'there is no such file' : code}`, { cause })
  }
  if (!found.isFile()) throw new Error(`${file} is no file`)
  if (process.platform !== 'win32' && (found.mode & 0o037) !== 0)
    throw new Error(
      `${file} is open to other users of this machine: run "chmod 600 ${file}", or 640 for a group`,
    )
  return text
}

function parseKeys(file: string, text: string): readonly Key[] {
  let keys: unknown
  try {
    keys = JSON.parse(text.replace(/^\ufeff/, ''))
  } catch (error) {
    // The rest of the message quotes the file.
    const [place = ''] = / \(line \d+ column \d+\)$/.exec((error as Error).message) ?? []
    throw new Error(`${file} is not JSON${place}`)
  }
  const problem = problemOfKeys(keys)
  if (problem !== undefined) throw new Error(`${file}: ${problem}`)
  return keys as Key[]
}

/**
 * Makes a key, and adds its entry to the file, which is made if it is missing. What the entry leaves out is taken over from
 * the last entry of its name: a key that replaces another has the same limits.
 */
export async function addKey(
  file: string,
  entry: Omit<Key, 'sha256'>,
): Promise<{ key: string; keys: readonly Key[] }> {
  const key = makeKey()
  const sha256 = createHash('sha256').update(key).digest('hex')
  // A link stays a link.
  const target = (await realpath(file).catch(noneIfMissing)) ?? resolve(file)
  const draft = `${target}.new`
  await lock(draft)
  try {
    const before = await stat(target).catch(noneIfMissing)
    const known = before ? parseKeys(file, readPrivate(file)) : []
    const last = known.findLast(({ name }) => name === entry.name)
    const keys = [...known, { ...last, ...entry, sha256 }]
    const problem = problemOfKeys(keys)
    if (problem !== undefined) throw new Error(`${file}: ${problem}`)
    await writeFile(draft, `${JSON.stringify(keys, null, 2)}\n`, { flush: true })
    if (before) await chmod(draft, before.mode)
    // The gateway must be able to read the file that root wrote.
    if (before && process.getuid?.() === 0) await chown(draft, before.uid, before.gid)
    await rename(draft, target)
    return { key, keys }
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
}

/** Makes the file of the next version. Nobody else writes as long as the file is there. */
async function lock(draft: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await (await open(draft, 'wx', 0o600)).close()
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException
      if (code === 'ENOENT')
        throw new Error(`Can't write ${draft}: there is no folder ${dirname(draft)}`, { cause })
      if (code !== 'EEXIST') throw new Error(`Can't write ${draft}: ${code}`, { cause })
      if (tries === 100)
        throw new Error(`${draft} is there: remove it, unless another "key add" is at work`, { cause })
    }
    await sleep(50)
  }
}
