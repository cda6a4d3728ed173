import { $, make } from './dom.js'
import { makeOriginalLink } from './makeOriginalLink.js'

/** Shows an image over the page: whole, or pixel by pixel after a click. */
export function openZoom(url, title) {
  const dialog = $('zoom')
  const image = make('img', { src: url, alt: title })
  const view = make('div', { className: 'view', tabIndex: 0 }, image)
  view.setAttribute('role', 'group')
  view.ariaLabel = 'Image'
  const size = make('button', { type: 'button' }, 'Actual size')
  const toggle = () => {
    const isActual = view.classList.toggle('actual')
    size.textContent = isActual ? 'Fit to the window' : 'Actual size'
  }
  size.addEventListener('click', toggle)
  image.addEventListener('click', toggle)
  const original = makeOriginalLink()
  original.link(url)
  const close = make('button', { type: 'button', autofocus: true }, 'Close')
  close.addEventListener('click', () => dialog.close())
  dialog.replaceChildren(view, make('div', { className: 'actions' }, size, original.element, close))
  dialog.showModal()
}
