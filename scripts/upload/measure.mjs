import { openAsBlob } from 'node:fs'

/** Prints how long `send` takes for the file, how much memory, and what the server got. Ends the process. */
export async function measure(send, file) {
  // Once small, so that what is loaded at the first use counts as idle.
  await send(new Blob(['warm']))
  globalThis.gc()
  const idle = process.memoryUsage().rss
  let peak = idle
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().rss)
  }, 5)
  const start = performance.now()
  const bytes = await send(await openAsBlob(file))
  const seconds = (performance.now() - start) / 1000
  clearInterval(timer)
  console.log(
    JSON.stringify({ seconds, bytes, peakMb: (Math.max(peak, process.memoryUsage().rss) - idle) / 1e6 }),
  )
  process.exit()
}
