// For `--import`, with `?n=`: ends the gateway as `kill -9` does, at the n-th step of its store and of its POSTs.
import { ClassicLevel } from 'classic-level'

const last = Number(new URL(import.meta.url).searchParams.get('n'))
let steps = 0
function step() {
  steps++
  if (steps === last) process.kill(process.pid, 'SIGKILL')
}

for (const name of ['_put', '_batch']) {
  const write = ClassicLevel.prototype[name]
  ClassicLevel.prototype[name] = async function (...args) {
    step()
    await write.apply(this, args)
    step()
  }
}

const { fetch } = globalThis
globalThis.fetch = async (url, init) => {
  if (init?.method !== 'POST') return await fetch(url, init)
  step()
  // While ComfyUI takes it.
  const timer = setTimeout(step, 2)
  try {
    return await fetch(url, init)
  } finally {
    clearTimeout(timer)
    step()
  }
}
