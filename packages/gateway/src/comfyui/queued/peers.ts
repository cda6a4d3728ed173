import type { PeerMessage, Peers, RunChange } from '../../queue/runQueue.ts'
import { ask, isHeld, type Server, setSession } from './servers.ts'

interface Home {
  readonly servers: ReadonlyMap<string, Server>
  addServer(name: string): Server
  readonly lostAfterMs: number
  heard(change: RunChange): void
  /** Changes may have been missed. */
  missed(): void
}

/**
 * Lets gateways with the same queue know each other's servers, ask them, and hear what happens to runs. Gives a function that
 * tells the other gateways about the servers of this one, and learns about theirs.
 */
export function joinPeers(peers: Peers, home: Home): () => Promise<void> {
  const { servers, addServer, lostAfterMs } = home

  function tellAsks({ name, asks }: Server): void {
    for (const [ask, { path }] of asks) peers.tell({ ask, server: name, path }).catch(() => {})
  }

  async function answer(server: Server, id: string, path: string): Promise<void> {
    if (server.isAbroad || server.asks.has(id)) return
    try {
      const found = await ask(server, path, peers, id)
      await peers.tell({ answer: id, server: server.name, ...found })
    } catch {
      // It asks again.
    }
  }

  peers.listen((message: PeerMessage) => {
    if ('run' in message) return home.heard(message)
    if ('missed' in message) return home.missed()
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
      return { name, session, isUp, silentMs: isHeld(server) ? 0 : performance.now() - seenAt }
    })
    const all = await peers.meet(told, 2 * lostAfterMs)
    for (const { name, session, isUp, silentMs, isAbroad } of all) {
      if (!isAbroad || (!servers.has(name) && silentMs >= lostAfterMs)) continue
      const seenAt = performance.now() - silentMs
      const server = servers.get(name) ?? addServer(name)
      setSession(server, session)
      Object.assign(server, { isUp, seenAt, isAbroad })
    }
    // One that is not known any more has to be claimed again.
    for (const server of own) server.isAbroad ||= !all.some(({ name }) => name === server.name)
    // Whoever was to answer may be gone.
    for (const server of servers.values()) if (server.isAbroad) tellAsks(server)
  }
}
