import { createClient } from '@flowscale/client'
import { Command, CommanderError } from 'commander'
import { describeError } from './describeError.ts'
import { Interrupted } from './Interrupted.ts'
import { createOutput } from './output.ts'
import { readSettings } from './readSettings.ts'
import type { Call, VerbEntry } from './types.ts'
import { verbs } from './verbs.ts'

/** Reads the command line, does what its verb says, and sets the exit code. */
export async function main(args: readonly string[]): Promise<void> {
  const controller = new AbortController()
  const isJson = args.includes('--json')
  const output = createOutput(isJson)
  const program = new Command('flowscale')
    .description('Run ComfyUI workflows on FlowScale')
    .version('', '-v, --version', 'print the version')
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ outputError: () => {} })
  for (const entry of verbs) addVerb(program, entry, output, controller)
  try {
    await program.parseAsync(args, { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return
    report(error, output)
  }
}

function report(error: unknown, output: Call['output']): void {
  const isUsage = error instanceof CommanderError
  const { exitCode, message, fields } = isUsage
    ? {
        exitCode: 2,
        message: error.message.replace(/^error: /, ''),
        fields: { code: 'usage', message: error.message },
      }
    : describeError(error)
  output.error(fields, message)
  process.exitCode = exitCode
}

function addVerb(
  program: Command,
  entry: VerbEntry,
  output: Call['output'],
  controller: AbortController,
): void {
  const { name, summary, args, flags = [], details, examples, isLocal } = entry
  const command = program.command(name).summary(summary).description(summary)
  for (const part of args?.match(/[<[][^>\]]*[>\]]/g) ?? []) command.argument(part)
  for (const { form, about, isList } of flags) {
    if (isList) command.option(form, about, (value: string, list: string[] = []) => [...list, value])
    else command.option(form, about)
  }
  if (!isLocal) {
    command.option('--url <url>', 'the address; default: FLOWSCALE_API_URL')
    command.option('--api-key <key>', 'the key; default: FLOWSCALE_API_KEY')
  }
  command.option('--json', 'print JSON, for programs')
  const shown = examples.map((example) => `  ${example}`).join('\n')
  command.addHelpText('after', `${details ? `\n${details}\n` : ''}\nExamples:\n${shown}`)
  command.action(async (...given) => {
    const { signal } = controller
    const own = { args: given.slice(0, -2).flat(), flags: given.at(-2), output, signal }
    const verb = await entry.load()
    const { url, apiKey } = isLocal ? { url: 'http://localhost', apiKey: undefined } : readSettings(own.flags)
    const client = createClient({ baseUrl: url, apiKey })
    process.on('SIGINT', () => {
      if (signal.aborted) process.exit(130)
      controller.abort(new Interrupted(130))
    })
    await verb({ ...own, client })
  })
}
