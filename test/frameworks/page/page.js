// The page of an app without a framework of its own for pages.
import { createClient } from '@flowscale/client'
import { connectEvents } from '@flowscale/client/events'
import { createRunStore } from '@flowscale/client/store'

const client = createClient({ baseUrl: '/api/flowscale' })
const store = createRunStore(client, { push: connectEvents(client) })
const [form, state, bar, image] = ['form', 'p', 'progress', 'img'].map((name) => document.querySelector(name))

function show() {
  const { status, progress, outputs, error } = store.getSnapshot()
  state.textContent = `The run is ${status}${error ? `: ${error}` : ''}`
  bar.hidden = progress === undefined
  bar.value = progress ?? 0
  image.hidden = !outputs
  if (outputs) image.src = outputs[0].download_url
}

form.addEventListener('submit', (event) => {
  event.preventDefault()
  store.start('a9bc45rt2kpm', Object.fromEntries(new FormData(form)))
})
form.querySelector('[type=button]').addEventListener('click', () => store.cancel().catch(console.error))
store.subscribe(show)
show()
