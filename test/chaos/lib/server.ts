// A hostile FlowScale in a process of its own, and what this one asks of it.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { EmulatorOptions, FaultKind, Ledger } from '@flowscale/emulator'

export interface ServerOptions extends EmulatorOptions {
  /** Kinds for which it notes whom they hit. */
  noted?: readonly FaultKind[]
}

export interface Report {
  ledger: Ledger
  /** The targets that met a noted fault. */
  hit: string[]
  /** How often it was asked to execute, by the index of the call. */
  submits: Readonly<Record<number, number>>
  /** Requests and handshakes by now. */
  requests: number
}

export interface HostileServer {
  url: string
  filesUrl: string
  setChance(chance: number): Promise<void>
  setKinds(kinds: readonly FaultKind[], chance: number): Promise<void>
  report(): Promise<Report>
  /** Once nothing more happens. */
  settled(): Promise<Report>
  stop(): Promise<void>
}

/** A process of its own, which answers each message with one. */
export function startChild(name: string, ...flags: string[]) {
  const child = fork(fileURLToPath(new URL(`./${name}.ts`, import.meta.url)), {
    execArgv: [...flags, '--import', 'tsx'],
    // JSON has no Infinity.
    serialization: 'advanced',
    // A key that it prints, the parent would not see.
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const ended = once(child, 'exit')
  return {
    async ask(question: object): Promise<any> {
      const answer = once(child, 'message')
      child.send(question)
      const failed = ended.then(() => Promise.reject(new Error(`The process ${name} has ended`)))
      const [given] = await Promise.race([answer, failed])
      return given
    },
    async stop(): Promise<void> {
      child.kill('SIGKILL')
      await ended
    },
  }
}

export async function startServer(options: ServerOptions): Promise<HostileServer> {
  const { ask, stop } = startChild('serverChild')
  // One question at a time, so that answers need no names.
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = (question: object): Promise<any> => {
    const answer = last.then(() => ask(question))
    last = answer.catch(() => {})
    return answer
  }
  const { url, filesUrl } = await inTurn({ start: options })
  const report = (): Promise<Report> => inTurn({ report: true })
  return {
    url,
    filesUrl,
    setChance: (chance) => inTurn({ chance }),
    setKinds: (kinds, chance) => inTurn({ chance, kinds }),
    report,
    async settled() {
      for (let before = await report(); ; ) {
        await new Promise((resolve) => setTimeout(resolve, 300))
        const now = await report()
        if (now.requests === before.requests && now.ledger.runs.length === before.ledger.runs.length)
          return now
        before = now
      }
    },
    stop,
  }
}
