import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { extname, join, relative } from 'node:path'
import { createClient, getQueue, type RunProgress } from '@flowscale/client'
import { createEmulator, unpaintedWords } from '@flowscale/emulator'
import { serve } from '@flowscale/emulator/node'
import ora from 'ora'
import { generate } from '../../examples/generate.mjs'
import { progressText } from '../../packages/flowscale/src/command/terminal/progress.ts'
import { root } from '../lib/ensure.mjs'
import { type DemoOptions, readOptions, usage } from './options.ts'
import { listWorkflows, plan } from './plan.ts'

const nextSteps = `Next
  The playground         npx @flowscale/emulator --port 4188, then open http://127.0.0.1:4188
  Your own pod           npm start -- --url URL --api-key KEY --workflow ID --input NAME=VALUE
  Your own ComfyUI       npx @flowscale/gateway --comfyui http://127.0.0.1:8188 --workflows FOLDER
  In your code           change three things: baseUrl, apiKey and the id of the workflow`

const folder = join(root, 'demo-output')

/** A free name in demo-output/. */
function freeFile(filename: string): string {
  mkdirSync(folder, { recursive: true })
  const extension = extname(filename) || '.png'
  for (let number = 1; ; number++) {
    const file = join(folder, `flowscale-${String(number).padStart(3, '0')}${extension}`)
    if (!existsSync(file)) return file
  }
}

// In a terminal without a width (such as a recorder), a spinner would count lines for ever.
const isEnabled = Boolean(process.stdout.isTTY && process.stdout.columns)
const spinner = ora({ stream: process.stdout, isEnabled, discardStdin: false })
let last = performance.now()

/** Shows a finished step, with its time. */
function done(step: string): void {
  const seconds = ((performance.now() - last) / 1000).toFixed(2)
  last = performance.now()
  spinner.succeed(`${step.padEnd(58)} ${seconds.padStart(6)} s`)
}

/** On Ctrl+C, says that the run goes on: a run on a pod costs money. */
function tellOnInterrupt(runId: string): void {
  process.once('SIGINT', () => {
    spinner.stop()
    console.error(
      `✖ Interrupted. Run ${runId} goes on. Fetch its outputs with waitForResult, or end the run with cancelRun.`,
    )
    process.exit(130)
  })
}

/** Runs a workflow on a server, and shows each step. */
async function play(options: DemoOptions, url: string, apiKey?: string): Promise<void> {
  const client = createClient({ baseUrl: url, apiKey })
  const workflows = await listWorkflows(client)
  done(workflows ? `${workflows.length} workflows deployed` : 'the server lists no workflows')
  for (const { id, name, description } of workflows ?? []) console.log(`    ${id}  ${name}: ${description}`)

  const { id, name, inputs } = plan(options, workflows)
  const texts = Object.values(inputs).filter((value) => typeof value === 'string')
  const files: string[] = []
  let status = ''
  spinner.start(`submitting "${name}"`)
  await generate({
    baseUrl: url,
    apiKey,
    workflowId: id,
    inputs,
    fileFor(filename: string) {
      const file = freeFile(filename)
      files.push(file)
      return file
    },
    async onSubmitted({ runId }: { runId: string }) {
      if (options.url) tellOnInterrupt(runId)
      done(`submitted "${name}"${texts.length ? ` with "${texts.join('", "')}"` : ''}`)
      console.log(`    run ${runId}`)
      const { data } = await getQueue(client)
      for (const { container, queue } of data)
        console.log(
          `    ${container}: ${queue.queue_running.length} running, ${queue.queue_pending.length} waiting`,
        )
    },
    onProgress(run: RunProgress) {
      if (run.status !== status) {
        if (status) done(status)
        status = run.status
        if (status !== 'completed' && status !== 'success') spinner.start(status)
      } else if (run.progress !== undefined) spinner.text = progressText(run)
    },
  })
  done('completed and downloaded')
  console.log('\nThe code of this run (examples/generate.mjs):\n')
  console.log(readFileSync(join(root, 'examples/generate.mjs'), 'utf8').replace(/^/gm, '  '))
  const missing = options.url ? [] : unpaintedWords(options.prompt ?? '')
  if (missing.length && !options.image && !options.workflow)
    console.log(
      `The local painter has no picture for: ${missing.join(', ')}. Your own workflow may have one.\n`,
    )
  for (const file of files) console.log(`  ${relative('', file)}\n`)
}

async function main(): Promise<void> {
  const env = join(root, '.env')
  if (existsSync(env)) process.loadEnvFile(env)
  // Paths start in the user's folder, not in the folder where npm runs scripts.
  process.chdir(process.env.INIT_CWD ?? '.')
  const options = await readOptions(process.argv.slice(2), process.env)
  if (options.help) return console.log(usage)
  if (options.url) return play(options, options.url, options.apiKey)
  const emulator = createEmulator()
  const server = await serve(emulator)
  try {
    done(`emulator at ${server.url}`)
    await play(options, server.url, emulator.apiKey)
    console.log(nextSteps)
  } finally {
    emulator.close()
    await server.close()
  }
}

const isGateway = process.argv[2] === '--gateway'
await (isGateway ? import('./gateway.ts') : main()).catch((error) => {
  spinner.stop()
  console.error(`✖ ${error.message}`)
  process.exitCode = 1
})
