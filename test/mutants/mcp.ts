// Bugs of the tools for agents.

const test = 'test/unit/mcp/createMcp.test.ts'

export const mcp = {
  'mcp-key-unsent': {
    bug: 'A call with a `request_key` that a host makes again is paid twice',
    file: 'packages/mcp/src/createTools.ts',
    from: '...(key !== undefined && { idempotencyKey: key as string }),',
    to: '',
    test,
  },
  'mcp-progress-stands': {
    bug: 'A host gets the same progress again, which the protocol forbids',
    file: 'packages/mcp/src/createTools.ts',
    from: 'if (progress <= most) return',
    to: '',
    test,
  },
  'mcp-link-out': {
    bug: 'A link in the folder of files leads a model to any file',
    file: 'packages/mcp/src/readInputs.ts',
    from: "return isBelow(path) ? path : 'outside'",
    to: 'return path',
    test,
  },
  'mcp-host-of-strangers': {
    bug: 'A model makes the server fetch any address',
    file: 'packages/mcp/src/readInputs.ts',
    from: 'inputHosts.includes(url.host) && ',
    to: '',
    test,
  },
  'mcp-result-unlimited': {
    bug: 'A result is larger than hosts accept',
    file: 'packages/mcp/src/results.ts',
    from: 'if (length > left) return false',
    to: '',
    test,
  },
  'mcp-origin-unchecked': {
    bug: 'A page of a stranger calls the tools of this machine',
    file: 'packages/mcp/src/createAccess.ts',
    from: "!validateOriginHeader(headers.get('origin'), allowed).ok",
    to: 'false',
  },
  'mcp-name-moves': {
    bug: 'A new workflow takes the tool of another one with the same name',
    file: 'packages/mcp/src/createCatalog.ts',
    from: 'names.get(workflow.id) ?? ',
    to: '',
    test: 'test/unit/mcp/toTool.test.ts',
  },
  'mcp-prototype': {
    bug: 'An input called `constructor` makes each call of its tool fail',
    file: 'packages/mcp/src/names.ts',
    from: ' && !(name in Object.prototype)',
    to: '',
    test: 'test/unit/mcp/toTool.test.ts',
  },
}
