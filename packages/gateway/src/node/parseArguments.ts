import { type ParseArgsConfig, parseArgs } from 'node:util'

/** `parseArgs` of Node, whose errors are one clear sentence. */
export function parseArguments<const T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config)
  } catch (error) {
    // Only the first sentence: the rest of Node's message explains a syntax that does not apply here.
    const [sentence = ''] = (error as Error).message.split(/\. |\n/)
    throw new Error(`${sentence.replace(/\.$/, '')}. See --help.`, { cause: error })
  }
}
