// `trap.mjs SPECIFIER` imports it, and says what it touched meanwhile of all that may have an effect.
// Kept, as the global is trapped, too.
const node = process
const [specifier] = node.argv.slice(2)
const touched = new Set()

/** Only what a module does itself: Node's own code may touch what it likes. */
function note(name) {
  const frames = new Error().stack.split('\n').slice(1)
  const caller = frames.find((frame) => !frame.includes(import.meta.url))
  if (!caller || /\bnode:/.test(caller)) return
  // Who did, where it is a dependency of what was imported.
  const [, owner] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(caller) ?? []
  touched.add(owner && !specifier.startsWith(owner) ? `${name} by ${owner}` : name)
}

/** Reading it is touching it; it works as before, so that a module that does goes on. */
function trap(holder, name, shown = name) {
  const before = Object.getOwnPropertyDescriptor(holder, name)
  if (!before) return
  Object.defineProperty(holder, name, {
    configurable: true,
    get() {
      note(shown)
      return before.get ? before.get.call(holder) : before.value
    },
    set() {
      note(`${shown} =`)
    },
  })
}

node.env = new Proxy(node.env, {
  get(target, key) {
    note('process.env')
    return Reflect.get(target, key)
  },
  has(target, key) {
    note('process.env')
    return Reflect.has(target, key)
  },
  ownKeys(target) {
    note('process.env')
    return Reflect.ownKeys(target)
  },
})
trap(Date, 'now', 'Date.now')
trap(Math, 'random', 'Math.random')
trap(AbortSignal, 'timeout', 'AbortSignal.timeout')
for (const name of Object.keys(console)) trap(console, name, `console.${name}`)
for (const name of [
  ...['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask'],
  ...['fetch', 'Headers', 'FormData', 'Request', 'Response', 'WebSocket', 'EventSource', 'XMLHttpRequest'],
  ...['performance', 'crypto', 'navigator', 'localStorage', 'process', 'Buffer'],
]) {
  trap(globalThis, name)
}

// Node itself closes files and opens its output meanwhile.
const ofNode = ['CloseReq', 'PipeWrap', 'TTYWrap', 'FSReqCallback', 'FSReqPromise']
const state = () => ({
  globals: Reflect.ownKeys(globalThis).map(String),
  prototypes: [Object, Array, Promise, Function, Error].flatMap(({ name, prototype }) =>
    Reflect.ownKeys(prototype).map((key) => `${name}.prototype.${String(key)}`),
  ),
  resources: node.getActiveResourcesInfo().filter((kind) => !ofNode.includes(kind)),
  listeners: node.eventNames().flatMap((name) => Array(node.listenerCount(name)).fill(String(name))),
})
const before = state()
await import(specifier)
const after = state()
for (const [kind, items] of Object.entries(after)) {
  for (const item of items) {
    const place = before[kind].indexOf(item)
    if (place < 0) touched.add(`${kind}: ${item}`)
    else before[kind].splice(place, 1)
  }
}
node.stdout.write(JSON.stringify([...touched].sort()))
