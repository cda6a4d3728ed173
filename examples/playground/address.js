// The address of what the page shows: #workflow=ID&run=ID.

/** `{ workflow, run }` of an address; `undefined` where it has none. */
export function readAddress() {
  const parts = new URLSearchParams(location.hash.slice(1))
  return { workflow: parts.get('workflow') || undefined, run: parts.get('run') || undefined }
}

/** Puts the workflow and the run into the address. Back leads to the previous run; a workflow alone is no step. */
export function writeAddress({ workflow, run }) {
  const hash = `#${new URLSearchParams({ ...(workflow && { workflow }), ...(run && { run }) })}`
  if (hash === (location.hash || '#')) return
  history[run && run !== readAddress().run ? 'pushState' : 'replaceState'](null, '', hash)
}

const place = 'flowscale-playground-server'

/** The last server of this tab. */
export function keptServer() {
  try {
    return sessionStorage.getItem(place) ?? undefined
  } catch {
    // This browser stores nothing.
    return undefined
  }
}

/** Saves the address of the server for this tab. The key is never saved. */
export function keepServer(url) {
  try {
    sessionStorage.setItem(place, url)
  } catch {
    // The user types the address again after a reload.
  }
}
