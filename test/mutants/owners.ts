// Bugs by which a key reaches the runs of another.
const H = 'packages/gateway/src/http'
const rows: Record<string, readonly [bug: string, file: string, from: string, to: string]> = {
  read: ['reads a run', `${H}/routes/wait.ts`, '!run || !maySee(caller, run.owner)', '!run'],
  waited: ['waits for a run', `${H}/routes/wait.ts`, '!found || !maySee(caller, found.owner)', '!found'],
  events: [
    'reads the events of a run',
    `${H}/routes/events.ts`,
    'await findRun(call, id)',
    '(await api.engine.getRun(id))!',
  ],
  output: ['gets a link to an output', `${H}/routes/runs.ts`, ' || !maySee(caller, found.run.owner)', ''],
  cancelled: ['cancels a run', `${H}/routes/runs.ts`, '!caller.isAdmin', 'false'],
  listed: [
    'lists all runs',
    `${H}/routes/runs.ts`,
    'caller.isAdmin && groupId === null ? undefined',
    'groupId === null ? undefined',
  ],
  'listed-group': [
    'lists the runs of an equal group without an owner',
    `${H}/routes/runs.ts`,
    'groupId, owner, sortBy',
    'groupId, owner: groupId === null ? owner : undefined, sortBy',
  ],
  'listed-groups': [
    'has a group in common with another key',
    'packages/gateway/src/queue/runs.ts',
    "(owner ?? '')}:g",
    "('')}:g",
  ],
  'listed-records': [
    'lists the runs of all keys in records',
    'packages/gateway/src/records/runIndex.ts',
    "owner === undefined ? 'groups'",
    "true ? 'groups'",
  ],
  queue: [
    'sees the ids of runs in the queue',
    `${H}/routes/comfy.ts`,
    "maySee(caller, owner) ? id : 'other'",
    'id',
  ],
  'queue-waiting': [
    'does not see its own ids among those that wait',
    'packages/gateway/src/queue/places.ts',
    'own.owner || undefined',
    'undefined',
  ],
  key: ['gets the run of an Idempotency-Key', `${H}/routes/runs.ts`, 'hash.key, caller.owner', 'hash.key'],
  'key-added': [
    'adds no run under a known Idempotency-Key',
    'packages/gateway/src/queue/addRun.ts',
    'key: string, owner: string | undefined',
    'key: string, _: unknown, owner?: string',
  ],
  workflows: ['sees all workflows', `${H}/routes/comfy.ts`, '.filter(({ id }) => mayRun(caller, id))', ''],
  workflow: ['reads a workflow', `${H}/routes/comfy.ts`, ' || !mayRun(caller, id)', ''],
  document: ['sees all workflows in the document', `${H}/document.ts`, ' && mayRun(caller!, id)', ''],
  started: ['starts a workflow', `${H}/routes/runs.ts`, '!mayRun(caller, id)', 'false'],
  socket: [
    'hears of all runs',
    'packages/gateway/src/node/createConnection.ts',
    '!maySee(caller, owner)',
    'false',
  ],
  subscribed: ['subscribes to a run', `${H}/createHttpApi.ts`, 'run && maySee(caller, run.owner)', 'run'],
  'removed-stream': [
    'reads events after it was removed',
    `${H}/createHttpApi.ts`,
    'const leave = keys.whileValid(caller, end)',
    'const leave = () => {}',
  ],
  'removed-socket': [
    'hears of runs after it was removed',
    'packages/gateway/src/node/createConnection.ts',
    'api.whileValid?.(caller',
    '(() => undefined as any)?.(caller',
  ],
  limit: [
    'over its limit uploads all its files before it is refused',
    'packages/gateway/src/comfyui/queued/openQueued.ts',
    'await queue.checkLimit(caller)',
    '',
  ],
  worker: [
    'works as a worker',
    `${H}/createHttpApi.ts`,
    "sameText(key ?? '', api.workerKey)",
    'key !== null',
  ],
  hash: ['is found by its hash', `${H}/access.ts`, 'sameText(hex, key.sha256)', 'sameText(sent, key.sha256)'],
  prefix: ['is any key', `${H}/access.ts`, 'sameText(hex, key.sha256)', 'hex !== key.sha256'],
  'made-queued': [
    'has no runs of its own in a queue',
    'packages/gateway/src/comfyui/queued/createDraft.ts',
    'owner: caller.owner',
    'owner: undefined',
  ],
  'made-single': [
    'has no runs of its own at one ComfyUI',
    'packages/gateway/src/comfyui/openSingle.ts',
    '{ ...submission, owner }',
    'submission',
  ],
}

export const owners = Object.fromEntries(
  Object.entries(rows).map(([name, [bug, file, from, to]]) => [
    `owner-${name}`,
    { bug: `A key ${bug}`, file, from, to, test: 'test/servers/owners.servers.ts' },
  ]),
)
