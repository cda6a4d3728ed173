import { make } from './dom.js'

/** A link to the file of an output, and a function that gives it another address. */
export function makeOriginalLink() {
  const element = make('a', { className: 'button', target: '_blank', rel: 'noreferrer' }, 'Open the original')
  const link = (url) => {
    const isPage =
      url && URL.canParse(url, location.href) && /^https?:/.test(new URL(url, location.href).protocol)
    // A server may send `javascript:`, which would run in this page.
    element.hidden = !isPage
    if (isPage) element.href = url
  }
  return { element, link }
}
