import { make } from './dom.js'
import { makeOriginalLink } from './makeOriginalLink.js'
import { downloadButton, kindOf, readText, renew } from './outputs.js'
import { titleOf } from './titleOf.js'
import { openZoom } from './zoom.js'

/** An output on the stage, with its buttons. */
export function figure(run, output) {
  const kind = kindOf(output)
  const element = make(kind, {})
  const tools = make('div', { className: 'tools' })
  const { element: original, link } = makeOriginalLink()
  if (kind === 'p') element.textContent = output.filename
  else if (kind === 'pre') {
    element.tabIndex = 0
    element.textContent = 'Loading …'
    readText(output).then((text) => {
      element.textContent = text
    })
  } else {
    if (kind === 'img') {
      element.alt = titleOf(run)
      const zoom = make('button', { type: 'button' }, 'Enlarge')
      zoom.addEventListener('click', () => openZoom(element.src, element.alt))
      element.addEventListener('click', () => zoom.click())
      tools.append(zoom)
    } else {
      element.controls = true
      element.ariaLabel = titleOf(run)
    }
    element.src = output.download_url
    // Links expire: `renew` gets a fresh one. It runs once, so a broken file causes no endless loop.
    element.addEventListener('error', () => renew(output, element).then(() => link(output.download_url)), {
      once: true,
    })
  }
  link(output.download_url)
  tools.append(original)
  if (run.outputs.length > 1) tools.append(downloadButton(run, output))
  return make('figure', {}, element, tools)
}
