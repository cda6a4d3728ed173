import { createClient } from '@flowscale/client'
import { connectWebSocket } from '@flowscale/client/websocket'
import { disconnect, forget } from './disconnect.js'
import { $, show } from './dom.js'
import { follow, resume } from './follow.js'
import { clearFaults, refuse, showState } from './liveState.js'
import { load } from './load.js'
import { hear } from './note.js'
import { page } from './page.js'
import { soon } from './queue.js'
import { isEnded } from './runState.js'

/** Connects to the server of the two fields. */
export function connect() {
  clearFaults()
  show($('refusal'), '')
  const baseUrl = $('server').value.trim()
  const apiKey = $('key').value.trim() || undefined
  const next = JSON.stringify([baseUrl, apiKey])
  if (page.place !== undefined && page.place !== next) forget()
  page.place = next
  const stop = new AbortController()
  try {
    // It is typed in by the one who uses the page, and kept nowhere. In a page for others, use a proxy.
    const client = createClient({ baseUrl, apiKey, allowDangerouslyExposeApiKey: true })
    const mine = { client, stop }
    page.session = mine
    showState('Connecting …', 'busy')
    if (!page.workflows.length) show($('no-workflows'), 'Loading …')
    if (!$('no-queue').hidden) show($('no-queue'), 'Loading …')
    mine.socket = openSocket(mine)
    load(mine)
    // What was going on when the last connection ended.
    for (const run of page.runs.values()) {
      if (run.isMine && !isEnded(run)) follow(mine, run.id, resume(mine, run))
    }
  } catch (error) {
    stop.abort()
    page.session = undefined
    showState('Offline')
    forget()
    refuse(
      /^apiKey/.test(error.message) ? 'key' : 'server',
      error.message.replace(/^(baseUrl|apiKey):? /, 'It '),
    )
  }
}

function openSocket(mine) {
  let wasLive = false
  return connectWebSocket(mine.client, {
    signal: mine.stop.signal,
    reconnectInterval: 1000,
    maxReconnectAttempts: Number.POSITIVE_INFINITY,
    onOpen: () => {
      if (mine !== page.session) return
      wasLive = true
      mine.isPolling = false
      showState('Live', 'good')
      load(mine)
    },
    onMessage: ({ type, data }) => {
      if (mine !== page.session || type !== 'run_status_update') return
      const { run_id, _id = run_id } = data
      const before = page.runs.get(_id)?.status
      if (hear(data).status !== before) soon(mine)
    },
    onClose: () => {
      // Polling goes on without it; a proxy lets no socket pass at all.
      if (mine !== page.session) return
      if (wasLive) showState('Reconnecting …', 'busy')
      else {
        mine.isPolling = true
        if (mine.hasAnswered) showState('Polling', 'good')
      }
    },
  })
}

/** Makes the connection's form work, and connects at once to a server on this computer. */
export function startConnection() {
  $('server').value = location.origin
  const isLocal = /^(127\.0\.0\.1|localhost|\[::1\])$/.test(location.hostname)
  if (isLocal) $('key').value = 'fsk_local_demo_key'
  $('session').addEventListener('submit', (event) => {
    event.preventDefault()
    page.session ? disconnect() : connect()
  })
  if (isLocal) connect()
}
