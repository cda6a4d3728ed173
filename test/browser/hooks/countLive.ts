// Runs in a page before all else: counts the timers that are set, and what listens to the window.
const timers = new Set<unknown>()
const listeners = new Set<string>()
const ids = new Map<unknown, number>()
const { setTimeout: set, clearTimeout: clear, setInterval: repeat, clearInterval: stop } = globalThis
globalThis.setTimeout = ((run: () => void, ms?: number) => {
  const id = set(() => {
    timers.delete(id)
    run()
  }, ms)
  timers.add(id)
  return id
}) as typeof set
globalThis.clearTimeout = (id) => {
  timers.delete(id)
  clear(id)
}
globalThis.setInterval = ((run: () => void, ms?: number) => {
  const id = repeat(run, ms)
  timers.add(id)
  return id
}) as typeof repeat
globalThis.clearInterval = (id) => {
  timers.delete(id)
  stop(id)
}
for (const target of [window, document]) {
  const { addEventListener: add, removeEventListener: remove } = target
  const nameOf = (type: string, listener: unknown) => {
    if (!ids.has(listener)) ids.set(listener, ids.size)
    return `${type} ${ids.get(listener)}`
  }
  target.addEventListener = (type: string, listener: never, options: never) => {
    listeners.add(nameOf(type, listener))
    add.call(target, type, listener, options)
  }
  target.removeEventListener = (type: string, listener: never, options: never) => {
    listeners.delete(nameOf(type, listener))
    remove.call(target, type, listener, options)
  }
}
// Those of the driver, which clicks.
const isDriver = /^(__playwright|(aux|dbl)?click|contextmenu|mouse|pointer|touch)/
const live = () =>
  [...listeners].filter((name) => !isDriver.test(name)).concat([...timers].map(() => 'a timer'))
Object.assign(globalThis, { live: () => live().sort() })

export {}
