// Bugs of the class and the command.

export const flowscale = {
  'class-headers-replaced': {
    bug: '`updateCustomHeaders` drops the headers that were set before',
    file: 'packages/flowscale/src/FlowscaleAPI.ts',
    from: 'Object.assign(own.headers, headers)',
    to: 'own.headers = headers',
  },
  'class-proxy-key': {
    bug: 'In `proxyMode` the class sends the key',
    file: 'packages/flowscale/src/options.ts',
    from: 'apiKey: proxyMode ? undefined : apiKey',
    to: 'apiKey',
    test: 'test/unit/flowscale/FlowscaleAPI.test.ts',
  },
  'class-retries-lost': {
    bug: 'The class ignores `retries`',
    file: 'packages/flowscale/src/options.ts',
    from: 'maxRetries = retries }',
    to: 'maxRetries }',
    test: 'test/unit/flowscale/FlowscaleAPI.test.ts',
  },
  'batch-attempt-unnamed': {
    bug: 'A new attempt of a row finds the run of the attempt that failed',
    file: 'packages/flowscale/src/command/batch/runRows.ts',
    from: 'attemptOf(state, row)}`',
    to: '0}`',
    test: 'test/command/batch.test.ts',
  },
  'batch-groups-renamed': {
    bug: 'A batch that an earlier version began looks for its runs under new names, and pays again',
    file: 'packages/flowscale/src/command/batch/openBatch.ts',
    from: "file.version === 1 ? '-' : '/'",
    to: "'/'",
    test: 'test/command/batch.test.ts',
  },
  'batch-done-unsaved': {
    bug: 'A row is done before its outputs are saved: a batch that is killed then never saves them',
    file: 'packages/flowscale/src/command/batch/runRows.ts',
    from: 'const ending = await endOf(',
    to: "if (result.status === 'fulfilled') {\n    await batching.state.noteResult({ row, status: 'completed', runId: result.runId, outputs: [] })\n  }\n  const ending = await endOf(",
    test: 'test/command/batchTrouble.test.ts',
  },
}
