import { parseArgs } from 'node:util'
import { fileInput } from '@flowscale/client/node'

export type DemoOptions = Awaited<ReturnType<typeof readOptions>>

export const usage = `npm start -- ["a prompt"] [options]

  --image FILE          run image to image on a PNG or JPEG
  --url URL             a pod of your own       (or FLOWSCALE_API_URL, also from .env)
  --api-key KEY         its key                 (or FLOWSCALE_API_KEY, also from .env)
  --workflow ID         the workflow to run     (needed with a pod of your own)
  --input NAME=VALUE    an input; NAME=@FILE sends a file; may be repeated
  --gateway [FLAGS]     instead of all this, a gateway in front of a small ComfyUI
  --help                this text`

const options = {
  image: { type: 'string' },
  url: { type: 'string' },
  'api-key': { type: 'string' },
  workflow: { type: 'string' },
  input: { type: 'string', multiple: true },
  help: { type: 'boolean' },
} as const

/** Without `url` a local emulator is started. */
export async function readOptions(args: string[], env: NodeJS.ProcessEnv) {
  const { values, positionals } = parse(args)
  // Options before `--`: npm takes them, and sets them in the environment.
  const taken = Object.keys(options).find((name) => env[`npm_config_${name.replace('-', '_')}`] !== undefined)
  if (taken)
    throw new Error(`npm took --${taken} as its own option. Put -- before it: npm start -- --${taken} …`)
  const inputs: Record<string, unknown> = {}
  for (const pair of values.input ?? []) {
    const [, name, file, value] = /^([^=]+)=(?:@(.*)|(.*))$/s.exec(pair) ?? []
    if (!name) throw new Error(`--input takes NAME=VALUE or NAME=@FILE, not "${pair}"`)
    inputs[name] = file === undefined ? value : await fileInput(file)
  }
  return {
    url: values.url ?? (env.FLOWSCALE_API_URL || undefined),
    apiKey: values['api-key'] ?? (env.FLOWSCALE_API_KEY || undefined),
    workflow: values.workflow,
    prompt: positionals.join(' ') || undefined,
    image: values.image === undefined ? undefined : await fileInput(values.image),
    inputs,
    help: values.help,
  }
}

function parse(args: string[]) {
  try {
    return parseArgs({ args, allowPositionals: true, options })
  } catch (error) {
    const [what] = (error as Error).message.split('. ')
    throw new Error(`${what}.\n\n${usage}`)
  }
}
