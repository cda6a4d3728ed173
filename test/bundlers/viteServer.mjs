// `viteServer.mjs FOLDER APP`: Vite's server for development; says its address, and then only what it warns of.
import { createServer } from 'vite'

const [root, app] = process.argv.slice(2)
const warn = (message) => console.log(message)
const server = await createServer({
  root,
  configFile: false,
  // Its own, as a page reloads when it asks for a package that is not in there yet.
  cacheDir: `.vite/${app}`,
  optimizeDeps: { entries: [`${app}.html`] },
  customLogger: {
    info() {},
    warn,
    warnOnce: warn,
    error: warn,
    clearScreen() {},
    hasErrorLogged: () => false,
    hasWarned: false,
  },
  server: { host: '127.0.0.1', port: 0, strictPort: false },
})
await server.listen()
const { port } = server.httpServer.address()
console.log(`http://127.0.0.1:${port}`)
