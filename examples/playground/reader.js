import { $, make, say } from './dom.js'

/**
 * Shows texts in a dialog, one at a time, with a button that copies the one in view. A text is a string, or a function
 * that gives a promise of one.
 */
export function openReader(title, texts) {
  const dialog = $('reader')
  const body = make('pre', { tabIndex: 0 })
  const copy = make('button', { type: 'button', className: 'primary' }, 'Copy')
  const close = make('button', { type: 'button' }, 'Close')
  let shown
  const choose = async (name) => {
    shown = name
    body.textContent = 'Loading …'
    const given = texts[name]
    const text = typeof given === 'string' ? given : await given()
    if (shown === name) body.textContent = text
    copy.textContent = 'Copy'
  }
  const tabs = Object.keys(texts).map((name, index) => {
    const input = make('input', { type: 'radio', name: 'reader', checked: index === 0 })
    input.addEventListener('change', () => choose(name))
    return make('label', {}, input, make('span', {}, name))
  })
  copy.addEventListener('click', async () => {
    copy.textContent = (await copyText(body)) ? 'Copied' : 'Select the text, and copy it'
    say(copy.textContent)
  })
  close.addEventListener('click', () => dialog.close())
  const heading = make('h2', { id: 'reader-title' }, title)
  const legend = make('legend', { className: 'unseen' }, title)
  const choices = make('fieldset', { className: 'tabs' }, legend, ...tabs)
  dialog.replaceChildren(heading, choices, body, make('div', { className: 'actions' }, copy, close))
  dialog.showModal()
  choose(Object.keys(texts)[0])
}

async function copyText(element) {
  try {
    await navigator.clipboard.writeText(element.textContent)
    return true
  } catch {
    // A page that is neither local nor https has no clipboard.
    getSelection().selectAllChildren(element)
    return false
  }
}
