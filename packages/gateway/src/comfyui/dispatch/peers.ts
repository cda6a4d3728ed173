// Lets gateways with one queue know each other's servers, ask their ComfyUIs, and hear what happens to runs.
import type { Run } from '../../engine.ts'
import type { PeerMessage, Peers, RunChange } from '../../queue/peers.ts'
import type { Progress } from '../runRecord.ts'
import { assignRuns } from './assignRuns.ts'
import { readServerRuns } from './claimServer.ts'
import { tellAnew, tellPlaces } from './followRuns.ts'
import { readPaused } from './pauseServer.ts'
import { dropPicture, hearAsk, hearPicture } from './previews.ts'
import { ask, keepsName, type Server, setSession } from './servers.ts'
import type { State } from './state.ts'

/** Gives a function that tells the other gateways about the servers of this one, and learns about theirs. */
export function joinPeers(
  peers: Peers,
  state: State,
  addServer: (name: string) => Server,
): () => Promise<void> {
  const { servers, lostAfterMs } = state

  function tellAsks({ name, asks }: Server): void {
    for (const [ask, { path }] of asks) peers.tell({ ask, server: name, path }).catch(() => {})
  }

  async function answer(server: Server, id: string, path: string): Promise<void> {
    if (server.isAbroad || server.asks.has(id)) return
    try {
      const found = await ask(server, path, peers, id)
      await peers.tell({ answer: id, server: server.name, ...found })
    } catch {
      // The other gateway asks again.
    }
  }

  peers.listen((message: PeerMessage) => {
    if ('run' in message) return hear(state, message)
    if ('look' in message) return hearAsk(state, message.look)
    if ('pause' in message) return void readPaused(state).catch(() => {})
    if ('missed' in message) {
      for (const id of state.followed.keys()) void tellAnew(state, id)
      return
    }
    const server = servers.get(message.server)
    if (!server) return
    if ('answer' in message) server.asks.get(message.answer)?.settle(message)
    else if ('ask' in message) void answer(server, message.ask, message.path)
    else {
      server.isAbroad = true
      tellAsks(server)
    }
  })

  return async () => {
    const own = [...servers.values()].filter(({ isAbroad, session }) => !isAbroad && session !== '')
    const told = own.map((server) => {
      const { name, session, isUp, seenAt } = server
      return { name, session, isUp, silentMs: keepsName(server) ? 0 : performance.now() - seenAt }
    })
    const all = await peers.meet(told, 2 * lostAfterMs)
    for (const { name, session, isUp, silentMs, isAbroad } of all) {
      if (!isAbroad || (!servers.has(name) && silentMs >= lostAfterMs)) continue
      const seenAt = performance.now() - silentMs
      const server = servers.get(name) ?? addServer(name)
      setSession(server, session)
      Object.assign(server, { isUp, seenAt, isAbroad, ...(isUp && { upAt: Date.now() - silentMs }) })
    }
    // A server that the others have forgotten has to be claimed again.
    for (const server of own) server.isAbroad ||= !all.some(({ name }) => name === server.name)
    // The gateway that was asked may be gone.
    for (const server of servers.values()) if (server.isAbroad) tellAsks(server)
  }
}

/** Hears that another gateway has changed a run. */
function hear(state: State, { run, server: name, news, isOver }: RunChange): void {
  if (isOver) {
    state.progress.delete(run)
    dropPicture(state, run)
  }
  if (news) {
    const { preview, ...progress } = news as Progress & Pick<Run, 'preview'>
    state.progress.set(run, progress)
    if (preview !== undefined) hearPicture(state, run, preview)
  }
  if (state.followed.has(run)) void tellAnew(state, run)
  if (news) return
  tellPlaces(state)
  const server = state.servers.get(name ?? '')
  if (!server) void assignRuns(state)
  // The worker of this server asks here.
  else if (!server.isAbroad || server.polls > 0)
    void readServerRuns(state).then(
      () => server.wake?.(),
      (error) => state.complain('Reading the runs of servers', error),
    )
}
