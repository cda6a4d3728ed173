// The arguments of a call as inputs of a run: files from where a call may take them.
import { realpath } from 'node:fs/promises'
import { isAbsolute, relative, resolve, sep } from 'node:path'
import {
  type Client,
  downloadOutput,
  type InputItem,
  type Inputs,
  isFlowScaleError,
  toFile,
} from '@flowscale/client'
import { fileInput } from '@flowscale/client/node'
import type { Settings } from './options.ts'
import { readBytes, ToolError } from './results.ts'
import type { WorkflowTool } from './toTool.ts'

/** The most bytes of a file in a `data:` URL. */
const MOST_DATA = 2_000_000
/** The most bytes of an earlier output that becomes an input. */
const MOST_OUTPUT = 100_000_000

export async function readInputs(
  client: Client,
  { properties }: WorkflowTool,
  args: Readonly<Record<string, unknown>>,
  settings: Settings,
): Promise<Inputs> {
  const entries = Object.entries(args).map(async ([name, value]) => {
    const { input, isFile } = properties.get(name)!
    if (!isFile) return [input, value as InputItem] as const
    const read = (text: string) => readFile(client, name, text, settings)
    return [
      input,
      await (Array.isArray(value) ? Promise.all(value.map(read)) : read(value as string)),
    ] as const
  })
  return Object.fromEntries(await Promise.all(entries))
}

async function readFile(
  client: Client,
  name: string,
  text: string,
  { files, inputHosts }: Settings,
): Promise<InputItem> {
  const refuse = (why: string) => new ToolError(`${name}: ${why}. Nothing was run.`)
  if (/^data:/i.test(text)) {
    // A third more as base64.
    if (text.length > 1.4 * MOST_DATA) throw refuse('a data: URL may hold at most 2 MB')
    const blob = await fetch(text)
      .then((answer) => answer.blob())
      .catch(() => undefined)
    if (!blob?.size || blob.size > MOST_DATA) throw refuse('this is no data: URL of 1 byte to 2 MB')
    return blob
  }
  if (/^[a-z][a-z\d+.-]+:/i.test(text) && !/^[a-z]:\\/i.test(text)) {
    const url = URL.canParse(text) ? new URL(text) : undefined
    const isAllowed =
      url?.protocol === 'https:' && inputHosts.includes(url.host) && !url.username && !url.password
    if (!isAllowed)
      throw refuse(`URLs must be data:${inputHosts.length ? `, or https: on ${inputHosts.join(', ')}` : ''}`)
    return url.href
  }
  const path = files ? await insideOf(files, text) : undefined
  if (path === 'outside') throw refuse('the path leads out of the allowed folder')
  if (path)
    return fileInput(path).catch(({ message }: Error) => {
      // Without the folders above: they are no business of the model.
      throw refuse(message.replace(`path: ${path}`, 'the file'))
    }) as Promise<unknown> as Promise<InputItem>
  if (/[/\\]/.test(text)) throw refuse(files ? 'there is no such file' : 'paths are not allowed here')
  try {
    const answer = await downloadOutput(client, text)
    const bytes = await readBytes(answer, MOST_OUTPUT)
    if (!bytes) throw refuse('this output is too large for an input')
    return toFile(bytes, text, { type: answer.headers.get('content-type') ?? '' })
  } catch (error) {
    if (!isFlowScaleError(error)) throw error
    throw refuse(`there is no file and no output of this name (${error.message})`)
  }
}

/** The real path of a file in a folder. Links are followed before the comparison. */
async function insideOf(folder: string, text: string): Promise<string | 'outside' | undefined> {
  const root = await realpath(folder)
  const isBelow = (path: string) => {
    const way = relative(root, path)
    return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)
  }
  const path = await realpath(resolve(root, text)).catch(() => undefined)
  // The same answer for what is outside and what is not there, so that nobody can look around.
  if (path === undefined) return isBelow(resolve(root, text)) ? undefined : 'outside'
  return isBelow(path) ? path : 'outside'
}
