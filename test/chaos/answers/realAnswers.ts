import { createEmulator } from '@flowscale/emulator'

/** An answer of a real server, to be mutated. */
export interface RealAnswer {
  operation: string
  body: unknown
}

const post = (inputs: Record<string, string>): RequestInit => {
  const body = new FormData()
  for (const [name, value] of Object.entries(inputs)) body.append(name, value)
  return { method: 'POST', body }
}

/** What the emulator answers to each operation, in each dialect. */
export async function realAnswers(): Promise<RealAnswer[]> {
  const answers: RealAnswer[] = []
  for (const dialect of ['readme', 'openapi', 'python'] as const) {
    const emulator = createEmulator({ speed: Number.POSITIVE_INFINITY, dialect })
    const ask = async (operation: string, path: string, init: RequestInit = {}): Promise<any> => {
      const headers = { 'x-api-key': emulator.apiKey }
      const response = await emulator.fetch(`${emulator.url}/api/v1/${path}`, { ...init, headers })
      const text = await response.text()
      const body = text ? JSON.parse(text) : undefined
      if (body !== undefined) answers.push({ operation, body })
      return body
    }
    const start = async (workflow: string, inputs: Record<string, string>): Promise<string> => {
      const { data } = await ask('execute', `runs?workflow_id=${workflow}&group_id=g`, post(inputs))
      return [data].flat()[0].run_id
    }
    await ask('execute', 'runs?workflow_id=t3xtwr1ter00', post({}))
    const ended = [
      await start('t3xtwr1ter00', { prompt: 'a' }),
      await start('d1ptych7two2', { prompt: 'b' }),
      await start('fa1lsa1ways0', { message: 'no' }),
    ]
    const endless = await start('nev3rend5run', {})
    while (ended.some((runId) => !/completed|failed/.test(emulator.stateOf(runId)?.status ?? ''))) {
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    for (const runId of [...ended, endless]) {
      const { data } = await ask('run', `runs/${runId}`)
      for (const { filename } of data.outputs ?? []) await ask('output', `runs/output?filename=${filename}`)
    }
    await ask('cancel', `runs/${endless}/cancel`, { method: 'POST' })
    await ask('health', 'comfy/health')
    await ask('queue', 'comfy/queue')
    await ask('workflows', 'comfy/workflows')
    await ask('runs', 'runs?group_id=g')
    await ask('output', 'runs/output?filename=none')
    await ask('run', 'runs/none')
    emulator.close()
  }
  return answers
}
