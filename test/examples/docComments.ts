// The exports of every entry point, with the examples of their doc comments.
import { resolve } from 'node:path'
import ts from 'typescript'

const entries: Record<string, string> = {
  '@flowscale/client': 'client/src/index.ts',
  '@flowscale/client/poller': 'client/src/poller/index.ts',
  '@flowscale/client/websocket': 'client/src/websocket/index.ts',
  '@flowscale/client/logger': 'client/src/logger.ts',
  '@flowscale/client/proxy': 'client/src/proxy/index.ts',
  '@flowscale/client/typed': 'client/src/typed.ts',
  '@flowscale/client/events': 'client/src/events.ts',
  '@flowscale/client/store': 'client/src/store/index.ts',
  '@flowscale/client/react': 'client/src/react.ts',
  '@flowscale/client/webhook': 'client/src/webhook.ts',
  '@flowscale/client/node': 'client/src/node/index.ts',
  flowscale: 'flowscale/src/index.ts',
  '@flowscale/ai-sdk': 'ai-sdk/src/index.ts',
  '@flowscale/mcp': 'mcp/src/index.ts',
  '@flowscale/emulator': 'emulator/src/index.ts',
  '@flowscale/emulator/node': 'emulator/src/node.ts',
}

export interface Documented {
  name: string
  from: string
  isFunction: boolean
  isType: boolean
  examples: string[]
}

function read(): Documented[] {
  const paths = Object.values(entries).map((file) => resolve('packages', file))
  const program = ts.createProgram(paths, {
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    target: ts.ScriptTarget.ES2022,
    allowImportingTsExtensions: true,
    noEmit: true,
    types: ['node'],
  })
  const checker = program.getTypeChecker()
  return Object.keys(entries).flatMap((from, index) => {
    const module = checker.getSymbolAtLocation(program.getSourceFile(paths[index]!)!)!
    return checker.getExportsOfModule(module).map((exported) => {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported
      const examples = symbol
        .getJsDocTags(checker)
        .filter(({ name }) => name === 'example')
        .map(({ text }) => ts.displayPartsToString(text).trim())
      return {
        name: exported.name,
        from,
        isFunction: (symbol.flags & ts.SymbolFlags.Function) !== 0 || exported.name === 'FlowscaleAPI',
        isType: (symbol.flags & ts.SymbolFlags.Value) === 0,
        examples: examples.map((example) => /^```tsx?\n([\s\S]*)\n```$/.exec(example)?.[1] ?? ''),
      }
    })
  })
}

export const documented: Documented[] = read()
export const functions: Documented[] = documented.filter(({ isFunction, from }, index) => {
  const { name } = documented[index]!
  // The class hands some of the client's on.
  return isFunction && !(from === 'flowscale' && name !== 'FlowscaleAPI')
})
