import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { inspectWorkflow } from '../engines/comfyui/inspectWorkflow.ts'
import { readWorkflow } from '../folder/readWorkflow.ts'
import { parseArguments } from '../node/parseArguments.ts'
import { describeWorkflow } from './describeWorkflow.ts'
import { help } from './help.ts'
import { sidecarOf } from './sidecarOf.ts'
import { toAddress } from './toAddress.ts'

/** Prints the inputs and outputs of a workflow, and the reason for each name. `--write` saves the names in its folder. */
export async function inspect(args: string[]): Promise<void> {
  const { values, positionals } = parseArguments({
    args,
    allowPositionals: true,
    options: {
      comfyui: { type: 'string', default: 'http://127.0.0.1:8188' },
      write: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help) return void process.stdout.write(help)
  const [path, ...more] = positionals
  if (!path || more.length > 0) throw new Error('inspect takes one file: flowscale-gateway inspect FILE.')
  const file = await readWorkflow(path)
  const workflow = await inspectWorkflow(toAddress(values.comfyui), file)
  process.stdout.write(describeWorkflow(workflow))
  if (!values.write) return
  const to = join(dirname(path), `${file.name}.flowscale.json`)
  try {
    await writeFile(to, `${JSON.stringify(sidecarOf(workflow), null, 2)}\n`, { flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    throw new Error(`${to} already exists, and may hold your edits. Remove the file to write a new one.`)
  }
  process.stdout.write(`\nWritten to ${to}\n`)
}
