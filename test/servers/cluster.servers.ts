// Two gateways before three ComfyUIs, all of them processes. `LONG=1` plays each trouble with 300 runs.
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { suite } from '#test'
import { createLimit } from '../support/createLimit.ts'
import { freePort } from '../support/listen.ts'
import { type Started, startSmallComfy } from '../support/startProcess.ts'
import { beyondOne, measureQueues, playCluster, readLedger, readMoves } from './cluster.ts'
import { lineOf } from './runs.ts'

const test = suite('gateways before three ComfyUIs')

interface Small {
  comfy: Started
  readonly ledger: string
  start(): Promise<Started>
}

type Trouble = (smalls: readonly Small[]) => Promise<void>

const refuse = [
  { on: 'GET /userdata', do: 'status', status: 403 },
  { on: 'POST /userdata', do: 'status', status: 403 },
  { on: 'DELETE /userdata', do: 'status', status: 403 },
]

async function play(
  name: string,
  count: number,
  options: { flags?: string[]; trouble?: Trouble; early?: Trouble },
) {
  const folder = mkdtempSync(join(tmpdir(), 'cluster-'))
  const smalls = await Promise.all(
    [0, 1, 2].map(async (index): Promise<Small> => {
      const ledger = join(folder, `ledger-${index}`)
      const place = ['--port', await freePort(), '--folder', join(folder, `${index}`), '--ledger', ledger]
      const start = () => startSmallComfy(...place, ...(index === 1 ? (options.flags ?? []) : []))
      return { comfy: await start(), ledger, start }
    }),
  )
  try {
    await options.early?.(smalls)
    const ledgers = smalls.map(({ ledger }) => ledger)
    const { figures, problems, links, chosenAt } = await playCluster(
      {
        urls: smalls.map(({ comfy }) => comfy.told.url),
        executed: async () => ledgers.flatMap(readLedger),
        trouble: async () => options.trouble?.(smalls),
      },
      { workflow: 'tinted', count, groupId: name },
    )
    const moves = ledgers.map(readMoves)
    const { chosen, arrived } = measureQueues(moves, chosenAt)
    const since = moves[1]!.findLastIndex(({ way }) => way === 'kill')
    const afterTrouble = moves[1]!.slice(since + 1).filter(({ way }) => way === 'in').length
    const spread = ledgers.map((ledger) => readLedger(ledger).length)
    console.log(`[show] ${name}: ${lineOf(figures)}; ${links} links, each of its own run`)
    console.log(
      `[show]   executed by server: ${spread.join(', ')}; runs by how much longer their queue was than the shortest: ${JSON.stringify(chosen)} as it was chosen, ${JSON.stringify(arrived)} as they arrived`,
    )
    return { problems, chosen, afterTrouble, spread, figures }
  } finally {
    await Promise.all(smalls.map(({ comfy }) => comfy.kill()))
    rmSync(folder, { recursive: true, force: true })
  }
}

/** From here on its queue is nobody's choice, until it gets a run again. */
const leaveOut = ({ ledger }: Small): void =>
  appendFileSync(ledger, `${JSON.stringify({ promptId: '', way: 'kill', at: Date.now() })}\n`)

const killed: Trouble = async ([, small]) => {
  await small!.comfy.kill()
  leaveOut(small!)
  await wait(1000)
  small!.comfy = await small!.start()
}

const many = process.env.LONG ? 300 : 60
const limit = createLimit(2)
const parts: [
  name: string,
  part: ReturnType<typeof play>,
  fits: (played: Awaited<ReturnType<typeof play>>) => boolean,
][] = [
  [
    'one is killed, and started again',
    limit(() => play('one is killed', 300, { trouble: killed })),
    // On a busy machine the queues have moved on by the time that a gateway has read them. A choice at random: 4 of 10.
    ({ figures, afterTrouble, chosen }) =>
      figures.failed > 0 && afterTrouble > 0 && beyondOne(chosen) < figures.executed / 4,
  ],
  [
    'one hangs',
    limit(() =>
      play('one hangs', many, {
        async trouble([, small]) {
          small!.comfy.tell(JSON.stringify([{ on: '', do: 'hang-before' }]))
          leaveOut(small!)
          // What was on its way comes before it hangs.
          await wait(500)
          leaveOut(small!)
          await wait(14_500)
          small!.comfy.tell('[]')
        },
      }),
    ),
    () => true,
  ],
  [
    'one keeps no records',
    limit(() =>
      play('one keeps no records', many, {
        early: async ([, small]) => small!.comfy.tell(JSON.stringify(refuse)),
      }),
    ),
    ({ spread }) => spread.every((count) => count > 0),
  ],
  [
    'one lacks a node class',
    limit(() =>
      play('one lacks a class', many, {
        flags: ['--without', 'TestSleep'],
        early: async ([, small]) => leaveOut(small!),
      }),
    ),
    ({ spread }) => spread[1] === 0 && spread[0]! > 0 && spread[2]! > 0,
  ],
]
for (const [name, part, fits] of parts) {
  // Its turn to be told of comes later.
  part.catch(() => {})
  test(name, async () => {
    const played = await part
    if (played.problems.length) throw new Error(played.problems.join('\n'))
    if (!fits(played)) throw new Error(`it is not what was to be seen: ${JSON.stringify(played)}`)
  })
}
