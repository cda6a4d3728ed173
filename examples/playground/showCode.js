import { callCode } from './callCode.js'
import { $ } from './dom.js'
import { openReader } from './reader.js'

/** Shows the code of a call in a dialog. `given` has names and values. */
export function showCode(workflow, given) {
  const inputs = Object.fromEntries(given.filter(([name, value]) => name && value !== undefined))
  const { href } = new URL($('server').value.trim() || '/', location.href)
  const call = { baseUrl: href.replace(/\/+$/, ''), apiKey: $('key').value.trim(), workflow, inputs }
  openReader('Code', callCode(call))
}
