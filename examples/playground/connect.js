import { createClient } from '@flowscale/client'
import { connectWebSocket } from '@flowscale/client/websocket'
import { keptServer } from './address.js'
import { demoKey } from './callCode.js'
import { disconnect, forget } from './disconnect.js'
import { $, show } from './dom.js'
import { findRun } from './findRun.js'
import { follow, resume } from './follow.js'
import { askForKey, clearFaults, refuse, showLive } from './liveState.js'
import { load } from './load.js'
import { hear, note } from './note.js'
import { page } from './page.js'
import { soon } from './queue.js'
import { isEnded } from './runState.js'

/** Connects with the server and the key in the form. `isGuess`: the user has not typed them. */
function connect({ isGuess } = {}) {
  clearFaults()
  show($('refusal'), '')
  const baseUrl = $('server').value.trim()
  const apiKey = $('key').value.trim() || undefined
  const next = JSON.stringify([baseUrl, apiKey])
  if (page.place !== undefined && page.place !== next) forget()
  page.place = next
  const stop = new AbortController()
  try {
    // The user of the page types the key, and the page never saves it. In a page for others, use a proxy.
    const client = createClient({ baseUrl, apiKey, allowDangerouslyExposeApiKey: true })
    const mine = { client, stop, isGuess }
    page.session = mine
    showLive()
    if (!page.workflows.length) show($('no-workflows'), 'Loading …')
    if (!$('no-queue').hidden) show($('no-queue'), 'Loading …')
    mine.socket = openSocket(mine)
    load(mine)
    // Follows the runs again that were going on when the last connection ended.
    for (const run of page.runs.values()) {
      if (run.isFollowed && !isEnded(run)) follow(mine, run.id, resume(mine, run))
    }
  } catch (error) {
    stop.abort()
    page.session = undefined
    showLive()
    forget()
    const name = /^apiKey/.test(error.message) ? 'key' : 'server'
    refuse(name, error.message.replace(/^(baseUrl|apiKey):? /, 'It '))
    $(name).focus()
  }
}

function openSocket(mine) {
  return connectWebSocket(mine.client, {
    signal: mine.stop.signal,
    reconnectInterval: 1000,
    maxReconnectAttempts: Number.POSITIVE_INFINITY,
    onOpen: () => {
      if (mine !== page.session) return
      mine.isOpen = mine.wasOpen = true
      showLive()
      load(mine)
    },
    onMessage: ({ type, data }) => {
      if (mine !== page.session || type !== 'run_status_update') return
      const { run_id, _id = run_id } = data
      const run = page.runs.get(_id)
      const before = run?.status
      // A message has no inputs and no outputs. The server has them.
      if (!run) findRun(mine, _id)
      if (isEnded(data) && !run?.isFollowed && !isEnded({ status: before })) {
        note(_id, { isFollowed: true })
        follow(mine, _id, resume(mine, { id: _id }))
      } else if (hear(data).status !== before) soon(mine)
    },
    onClose: () => {
      if (mine !== page.session) return
      mine.isOpen = false
      mine.isClosed = true
      showLive()
    },
  })
}

/** Starts the connection form. Connects at once if the server is known. */
export function startConnection() {
  const kept = keptServer()
  const isLocal = /^(127\.0\.0\.1|localhost|\[::1\])$/.test(location.hostname)
  $('server').value = kept ?? location.origin
  const isOwnServer = $('server').value === location.origin
  $('session').addEventListener('submit', (event) => {
    event.preventDefault()
    page.session ? disconnect() : connect()
  })
  if (isOwnServer && 'needsKey' in document.documentElement.dataset) {
    askForKey()
    return $('key').focus()
  }
  if (isLocal && isOwnServer) $('key').value = demoKey
  if (isLocal || kept) connect({ isGuess: true })
}
