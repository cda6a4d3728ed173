import { $, show } from './dom.js'
import { page } from './page.js'

/** Shows the state of the connection in the header. Above the page, shows the reason for a wait. */
export function showLive() {
  const at = page.session
  const problem = at?.away || at?.problem
  show($('waiting'), problem ? `${problem}. The page tries again by itself.` : '')
  $('connect').textContent = at ? 'Disconnect' : 'Connect'
  $('server').readOnly = $('key').readOnly = Boolean(at)
  const [word, color] = stateOf(at, problem)
  $('live').firstChild.className = `dot ${color}`
  // Only a change is written: a screen reader reads each write aloud.
  if ($('live').lastChild.textContent !== word) $('live').lastChild.textContent = word
}

function stateOf(at, problem) {
  if (!at) return ['Offline', '']
  if (problem) return ['Waiting …', 'busy']
  if (at.isOpen) return ['Live', 'good']
  if (at.wasOpen || at.isLost) return ['Reconnecting …', 'busy']
  // A proxy does not pass on WebSockets.
  if (at.isClosed && at.hasAnswered) return ['Polling', 'good']
  return ['Connecting …', 'busy']
}

/** Shows a problem at a field of the connection form: `server` or `key`. */
export function refuse(name, text) {
  const problem = $(`${name}-problem`)
  problem.className = 'problem'
  show(problem, text)
  $(name).setAttribute('aria-invalid', String(Boolean(text)))
}

/** Asks for the key. This is a hint and not a problem, because the user has typed no key yet. */
export function askForKey() {
  refuse('key', '')
  $('key-problem').className = 'hint'
  show($('key-problem'), 'This server needs an API key.')
  $('key').placeholder = ''
  show($('no-workflows'), 'Type the API key to see the workflows.')
}

/** Hides the problems of the connection form, and the error above the page. */
export function clearFaults() {
  refuse('server', '')
  refuse('key', '')
  show($('trouble'), '')
}
