// A page, or the worker of one: `?kind=page&row=…`. The page starts the worker and waits for nothing.
import { run } from './suite.mjs'

const { searchParams, origin, href } = new URL(self.location)
const kind = searchParams.get('kind')
const isPage = typeof document !== 'undefined'
const version = /(?:Chrome|Firefox)\/([\d.]+)/.exec(navigator.userAgent)[1]
const start = () => run(origin, searchParams.get('row'), { version, inBrowser: true })

if (!isPage && kind === 'service worker') {
  self.addEventListener('install', () => self.skipWaiting())
  self.addEventListener('message', (event) => event.waitUntil(start()))
} else if (!isPage || kind === 'page') start()
else {
  const script = href.replace('/page', '/browser.js')
  if (kind === 'worker') new Worker(script, { type: 'module' })
  else {
    // No await out here: a service worker may not have it.
    navigator.serviceWorker.register(script, { type: 'module', scope: '/' })
    navigator.serviceWorker.ready.then(({ active }) => active.postMessage('start'))
  }
}
