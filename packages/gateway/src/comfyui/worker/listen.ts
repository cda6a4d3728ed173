// Listens to ComfyUI for progress and ends of runs. A worker has one socket, and sends each run with the socket's id.
import { sleep } from '../../runtime.ts'
import { createProgress } from '../api/socket.ts'
import { PICTURE_EVERY_MS } from '../pictures.ts'
import { AGAIN_MS, free, isClosing, type Worker, type WorkerRun } from './state.ts'

const REPORT_EVERY_MS = 200

/** Opens the socket, if it is not open. */
export function listen(worker: Worker): void {
  const { client, port, runs, server } = worker
  if (worker.closeSocket || isClosing(worker)) return
  let reportedAt = 0
  let reported: WorkerRun | undefined
  let isGreeted = false
  worker.closeSocket = client.listen(worker.socketId, {
    onMessage(type, data) {
      worker.isSocketOpen = true
      const one = runs.get(Object(data).prompt_id) ?? worker.active
      if (!one?.isSent) return
      const isOwn = Object(data).prompt_id === one.run.id
      if (isOwn) one.isUnheard = false
      // ComfyUI does not repeat messages from before the greeting: look once.
      if (type === 'status' && !isGreeted) one.wake?.()
      isGreeted = true
      one.readMessage ??= createProgress(one.run, 0)
      const news = one.readMessage(type, data)
      if (news === 'ended') return void one.wake?.()
      // The GPU is free some milliseconds before the run is in the history.
      if (type === 'execution_success' && isOwn) return free(worker, one)
      if (!news || one.isDone) return
      server.progress.set(one.run.id, news)
      if (one === reported && performance.now() - reportedAt < REPORT_EVERY_MS) return
      reportedAt = performance.now()
      reported = one
      void port.report(one.run.id, news, false).catch(() => {})
    },
    onPicture(id, preview) {
      const one = runs.get(id)
      if (!one?.isWatched || one.isDone) return
      one.picture = preview
      if (!one.isBringing) void bringPictures(worker, one)
    },
    onClosed() {
      worker.closeSocket = undefined
      worker.isSocketOpen = false
      if (worker.active?.isSent) setTimeout(() => listen(worker), AGAIN_MS)
    },
  })
}

/** Brings the pictures of a run to the gateway, the newest one after each pause. */
async function bringPictures({ port }: Worker, one: WorkerRun): Promise<void> {
  one.isBringing = true
  while (one.picture && one.isWatched && !one.isDone) {
    const pause = sleep(PICTURE_EVERY_MS)
    const { data } = one.picture
    one.picture = undefined
    await port.putPreview(one.run.id, data).catch(() => {})
    await pause
  }
  one.isBringing = false
  one.picture = undefined
}

/**
 * Lets the next run have a socket with another id. ComfyUI silences a socket when it closes an older one with the same id,
 * which may be hours later.
 */
export function stopListening(worker: Worker): void {
  worker.closeSocket?.()
  worker.closeSocket = undefined
  worker.isSocketOpen = false
  worker.socketId = `flowscale-${worker.name}-${crypto.randomUUID()}`
}
