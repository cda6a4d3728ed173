// A text from outside can make a backtracking expression take quadratic time or longer. So every expression of the sources is
// either linear, or its text is short.
import { readdirSync, readFileSync } from 'node:fs'
import recheck from 'recheck'
import ts from 'typescript'
import { assert, suite } from '#test'

const test = suite('expressions')

/** What bounds the text of an expression that takes longer, by its file and itself. */
const SHORT: Readonly<Record<string, string>> = {
  'client/src/client.ts /\\/+$/': "the caller's own address",
  'client/src/node/paths.ts /[. ]+$/': 'cut to the bytes of a file name before',
  'client/src/webhook.ts /.*[,_]/': 'a secret of the caller, or a signature of 47 characters',
  'flowscale/src/command/inputs/readItem.ts /.*\\//': 'a media type that the command has found itself',
  'gateway/src/command/flags.ts /^([^:]+):\\s*(.*?)\\s*$/': "a line of the operator's own flag or file",
  "gateway/src/command/serverCommand.ts /'(--?api-?key|[\\w-]*).*'/is": "the operator's own flag",
  'gateway/src/comfyui/api/address.ts /\\/+$/': "the operator's own address",
  'gateway/src/files/s3Files.ts /\\/+$/': "the operator's own address",
  'gateway/src/http/form/multipart.ts /;\\s*([^\\s=;"]+)\\s*=\\s*(?:"((?:\\\\.|[^"\\\\])*)"|([^\\s;"]*))\\s*/gsy':
    'the heads of a part have at most 16 KiB, and a sticky search begins once',
  'gateway/src/records/runIndex.ts /pack_[^/]*$/': "the name of a file in the gateway's folder",
  'mcp/src/names.ts /_+$/': 'cut to the longest name of a tool before',
  'playground/src/view/Reader.tsx /\\/+$/': 'the address in the page',
}

/** Files that make expressions of texts, and the origin of these texts. */
const MADE: Readonly<Record<string, string>> = {
  'flowscale/src/command/pull/nameConstants.ts': 'constants',
  'flowscale/src/command/terminal/printer.ts': 'constants',
  'gateway/src/comfyui/workflows/outputs.ts': 'the kinds of files',
  'gateway/src/files/s3Files.ts': 'names of elements that stand in the code',
  'gateway/src/http/createHttpApi.ts': 'the paths of the routes',
  'playground/src/view/Reader.tsx': 'constants',
}

const literals = new Map<string, Set<string>>()
const makers = new Set<string>()
for (const file of readdirSync('packages', { recursive: true }) as string[]) {
  if (!/^[\w-]+\/src\/.*\.tsx?$/.test(file)) continue
  const look = (node: ts.Node): void => {
    if (ts.isRegularExpressionLiteral(node))
      literals.set(node.text, (literals.get(node.text) ?? new Set()).add(file))
    if ((ts.isNewExpression(node) || ts.isCallExpression(node)) && node.expression.getText() === 'RegExp')
      makers.add(file)
    ts.forEachChild(node, look)
  }
  look(ts.createSourceFile(file, readFileSync(`packages/${file}`, 'utf8'), ts.ScriptTarget.Latest, true))
}

/** A short search: all that the usual one finds here. Without limits of time, which a busy machine would change. */
const SEARCH = {
  maxIteration: 3,
  incubationLimit: 5_000,
  attackLimit: 100_000_000,
  maxGeneStringSize: 400,
  timeout: null,
  incubationTimeout: null,
  attackTimeout: null,
}

test('an expression is linear, or its text is short', () => {
  const slow = [...literals.entries()].flatMap(([literal, files]) => {
    const end = literal.lastIndexOf('/')
    // The other function leaves a process behind.
    const { status } = recheck.checkSync(literal.slice(1, end), literal.slice(end + 1), SEARCH)
    return status === 'safe' ? [] : [...files].map((file) => `${file} ${literal}`)
  })
  assert.equal(slow.sort(), Object.keys(SHORT).sort())
})

test('an expression that is made of a text is one that somebody has looked at', () => {
  assert.equal([...makers].sort(), Object.keys(MADE).sort())
})
