import { $, show } from './dom.js'
import { page } from './page.js'

/** Shows the state of the connection in the header. */
export function showState(word, color = '') {
  $('live').firstChild.className = `dot ${color}`
  // Said once, however often it is so.
  if ($('live').lastChild.textContent !== word) $('live').lastChild.textContent = word
  $('connect').textContent = page.session ? 'Disconnect' : 'Connect'
  $('server').readOnly = $('key').readOnly = Boolean(page.session)
}

/** Says at a field of the connection, `server` or `key`, what is wrong with it. */
export function refuse(name, text) {
  show($(`${name}-problem`), text)
  $(name).setAttribute('aria-invalid', String(Boolean(text)))
}

/** No fault is shown any more. */
export function clearFaults() {
  refuse('server', '')
  refuse('key', '')
  show($('trouble'), '')
}
