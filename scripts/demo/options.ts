import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { fileInput } from '@flowscale/client/node'
import { Sentence } from './output.ts'

/** Without `url` a local emulator is started. */
export type DemoOptions = Awaited<ReturnType<typeof readOptions>>

export const usage = `npm start -- ["a prompt"] [options]

  --image FILE          run image to image on a PNG or JPEG
  --url URL             a pod of your own       (or FLOWSCALE_API_URL, also from .env)
  --api-key KEY         its key                 (or FLOWSCALE_API_KEY, also from .env)
  --workflow ID         the workflow to run     (needed with a pod of your own)
  --input NAME=VALUE    an input; NAME=@FILE sends a file; may be repeated
  --gateway [FLAGS]     instead of all this, a gateway in front of a small ComfyUI
  --help                this text`

/** A path starts in the user's folder, not in the folder where npm runs scripts. */
const readInput = (path: string) =>
  fileInput(resolve(process.env.INIT_CWD ?? '.', path)).catch((error) => {
    throw new Sentence(`Can't read ${path}: ${error.cause?.code ?? error.message}`)
  })

export async function readOptions(args: string[], env: NodeJS.ProcessEnv) {
  let parsed: ReturnType<typeof parse>
  try {
    parsed = parse(args)
  } catch (error) {
    const [what] = (error as Error).message.split('. ')
    throw new Sentence(`${what}.\n\n${usage}`)
  }
  const { values, positionals } = parsed
  const taken = npmOptions.find((name) => env[`npm_config_${name.replace('-', '_')}`] !== undefined)
  if (taken) {
    throw new Sentence(`npm took --${taken} as its own option. Put -- before it: npm start -- --${taken} …`)
  }
  const inputs: Record<string, unknown> = {}
  for (const pair of values.input ?? []) {
    const [name, ...rest] = pair.split('=')
    const value = rest.join('=')
    if (!name || !rest.length) throw new Sentence(`--input takes NAME=VALUE or NAME=@FILE, not "${pair}"`)
    inputs[name] = value.startsWith('@') ? await readInput(value.slice(1)) : value
  }
  return {
    url: values.url ?? (env.FLOWSCALE_API_URL || undefined),
    apiKey: values['api-key'] ?? (env.FLOWSCALE_API_KEY || undefined),
    workflow: values.workflow,
    prompt: positionals.join(' ') || undefined,
    image: values.image === undefined ? undefined : await readInput(values.image),
    inputs,
    help: values.help ?? false,
  }
}

/** Options that stand before `--`: npm takes them, and sets them in the environment. */
const npmOptions = ['image', 'url', 'api-key', 'workflow', 'input']

function parse(args: string[]) {
  return parseArgs({
    args,
    allowPositionals: true,
    options: {
      image: { type: 'string' },
      url: { type: 'string' },
      'api-key': { type: 'string' },
      workflow: { type: 'string' },
      input: { type: 'string', multiple: true },
      help: { type: 'boolean' },
    },
  })
}
