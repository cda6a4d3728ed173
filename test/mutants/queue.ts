// Bugs of the queue that several ComfyUIs take from, and of the workers that dial in.

export const queue = {
  'queue-run-again-after-restart': {
    bug: 'A run that was sent before the gateway was killed is sent again: it is paid twice',
    file: 'packages/gateway/src/comfyui/queued/worker.ts',
    from: 'const isSent = sentAt !== undefined',
    to: 'const isSent = sentAt !== undefined && !sentAt',
    test: 'test/unit/gateway/comfyui/queued/restarts.test.ts',
  },
  'queue-sent-waits-again': {
    bug: 'After a restart, runs that were sent wait again: another server makes them, too',
    file: 'packages/gateway/src/node/folderQueue.ts',
    from: 'if (entry.sentAt === undefined) turns.add(',
    to: 'turns.add(',
  },
  'queue-sent-unmarked': {
    bug: 'A worker sends a run that was cancelled, or that another server has',
    file: 'packages/gateway/src/comfyui/queued/worker.ts',
    from: 'if (one.mark === undefined) return leave(one)',
    to: '',
  },
  'queue-answered-before-disk': {
    bug: 'A second request is told that a run is marked before that is on disk',
    file: 'packages/gateway/src/node/folderQueue.ts',
    from: 'mark(`send ',
    to: 'mark(`sent ',
  },
  'queue-given-back-late': {
    bug: 'A late message gives back a run that was sent again since: it is made twice',
    file: 'packages/gateway/src/node/folderQueue.ts',
    from: 'entry.server !== undefined && entry.sentAt === line[2]',
    to: 'entry.server !== undefined',
  },
  'queue-second-end-counts': {
    bug: 'A run that has ended ends once more, in another way',
    file: 'packages/gateway/src/node/folderQueue.ts',
    from: 'if (ended.has(id)) return\n',
    to: '',
  },
  'queue-torn-line': {
    bug: 'A record after a line that a crash cut off is lost: the run is made again',
    file: 'packages/gateway/src/node/appendLog.ts',
    from: 'file.appendFile(isCut ?',
    to: 'file.appendFile(!file ?',
    test: 'test/unit/gateway/node/folderQueue.test.ts',
  },
  'queue-unfair': {
    bug: 'The caller with most runs has all turns',
    file: 'packages/gateway/src/queue/turns.ts',
    from: 'now - MOST_SAVED * TURN) + TURN',
    to: 'now - MOST_SAVED * TURN)',
  },
  'queue-starves': {
    bug: 'New callers who come again and again starve one who waits',
    file: 'packages/gateway/src/queue/turns.ts',
    from: 'now + Math.ceil(TURN / waiting)',
    to: 'now',
  },
  'queue-lacking-server-takes': {
    bug: 'A server without the model of a run takes it, and the run fails',
    file: 'packages/gateway/src/comfyui/queued/dispatcher.ts',
    from: 'if (known?.lack === null) fit.add(id)',
    to: 'fit.add(id)',
    test: 'test/unit/gateway/comfyui/queued/openQueued.test.ts',
  },
  'queue-foreign-end': {
    bug: "A worker ends a run that is not its server's",
    file: 'packages/gateway/src/comfyui/queued/createPort.ts',
    from: 'if (!entry || (needsSent && entry.sentAt === undefined)) throw',
    to: 'if (!entry) throw',
    test: 'test/unit/gateway/comfyui/queued/serveWorker.test.ts',
  },
  'queue-name-taken': {
    bug: 'A second worker takes the name of one that is at work: two send runs to one ComfyUI',
    file: 'packages/gateway/src/comfyui/queued/dispatcher.ts',
    from: 'if (server.session !== session && isHeld(server)) throw',
    to: 'if (!session) throw',
  },
  'queue-file-outside': {
    bug: 'A worker writes a file with any name',
    file: 'packages/gateway/src/comfyui/queued/createPort.ts',
    from: "if (!(await isOutputOf(queue, job, name))) throw new Refused('run')",
    to: '',
    test: 'test/unit/gateway/comfyui/queued/serveWorker.test.ts',
  },
  'worker-key-opens-more': {
    bug: 'The key of the API opens the routes of workers',
    file: 'packages/gateway/src/http/createHttpApi.ts',
    from: 'const { workerKey: apiKey } = api',
    to: 'const { apiKey } = api',
    test: 'test/unit/gateway/comfyui/queued/serveWorker.test.ts',
  },
}
