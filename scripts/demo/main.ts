import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { extname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createClient, getQueue, type RunProgress } from '@flowscale/client'
import { createEmulator, unpaintedWords } from '@flowscale/emulator'
import { serve } from '@flowscale/emulator/node'
import { generate } from '../../examples/generate.mjs'
import { readOptions, usage } from './options.ts'
import { createReporter, toSentence } from './output.ts'
import { listWorkflows, plan } from './plan.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
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

/** Gives the ms since it was called before. */
function watch() {
  let last = performance.now()
  return () => {
    const before = last
    last = performance.now()
    return last - before
  }
}

/** On Ctrl+C, says that the run goes on: a run on a pod costs money. */
function tellOnInterrupt(report: ReturnType<typeof createReporter>, runId: string): void {
  process.once('SIGINT', () => {
    report.stop()
    console.error(
      `✖ Interrupted. Run ${runId} goes on. Fetch its outputs with waitForResult, or end the run with cancelRun.`,
    )
    process.exit(130)
  })
}

async function main(): Promise<void> {
  const env = join(root, '.env')
  if (existsSync(env)) process.loadEnvFile(env)
  const options = await readOptions(process.argv.slice(2), process.env)
  if (options.help) return console.log(usage)
  const report = createReporter()
  const lap = watch()
  const local = options.url ? undefined : createEmulator()
  let stop = async () => {}
  let url = options.url ?? ''
  try {
    if (local) {
      const served = await serve(local)
      stop = async () => {
        local.close()
        await served.close()
      }
      url = served.url
      report.done(`emulator at ${url}`, lap())
    }
    const apiKey = local?.apiKey ?? options.apiKey
    const client = createClient({ baseUrl: url, apiKey })

    const workflows = await listWorkflows(client)
    report.done(workflows ? `${workflows.length} workflows deployed` : 'the server lists no workflows', lap())
    for (const { id, name, description } of workflows ?? []) console.log(`    ${id}  ${name}: ${description}`)

    const { id, name, inputs } = plan(options, workflows)
    const texts = Object.values(inputs).filter((value) => typeof value === 'string')
    report.progress(`submitting "${name}"`)
    let status = ''
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
        if (!local) tellOnInterrupt(report, runId)
        report.done(`submitted "${name}"${texts.length ? ` with "${texts.join('", "')}"` : ''}`, lap())
        console.log(`    run ${runId}`)
        const { data } = await getQueue(client)
        for (const { container, queue } of data) {
          console.log(
            `    ${container}: ${queue.queue_running.length} running, ${queue.queue_pending.length} waiting`,
          )
        }
      },
      onProgress(run: RunProgress) {
        const isNew = run.status !== status
        if (isNew && status) report.done(status, lap())
        status = run.status
        const isOver = status === 'completed' || status === 'success'
        if (report.live && !isOver && run.progress !== undefined)
          report.progress(`${status} ${Math.round(run.progress * 100)} %`)
        else if (isNew && !isOver) report.progress(status)
      },
    })
    report.done('completed and downloaded', lap())
    console.log('\nThe code of this run (examples/generate.mjs):\n')
    console.log(readFileSync(join(root, 'examples/generate.mjs'), 'utf8').replace(/^/gm, '  '))
    const missing = local ? unpaintedWords(options.prompt ?? '') : []
    if (missing.length && !options.image && !options.workflow) {
      console.log(
        `The local painter has no picture for: ${missing.join(', ')}. Your own workflow may have one.\n`,
      )
    }
    for (const file of files) console.log(`  ${relative(process.env.INIT_CWD ?? root, file) || file}\n`)
    if (local) console.log(nextSteps)
  } catch (error) {
    report.stop()
    console.error(`✖ ${toSentence(error, url, Boolean(local ?? options.apiKey))}`)
    process.exitCode = 1
  } finally {
    await stop()
  }
}

const files: string[] = []

const nextSteps = `Next
  The playground         npx @flowscale/emulator --port 4188, then open http://127.0.0.1:4188
  Your own pod           npm start -- --url URL --api-key KEY --workflow ID --input NAME=VALUE
  Your own ComfyUI       npx @flowscale/gateway --comfyui http://127.0.0.1:8188 --workflows FOLDER
  In your code           change three things: baseUrl, apiKey and the id of the workflow`
const isGateway = process.argv[2] === '--gateway'
await (isGateway ? import('./gateway.mjs') : main()).catch((error) => {
  console.error(`✖ ${toSentence(error, '')}`)
  process.exitCode = 1
})
