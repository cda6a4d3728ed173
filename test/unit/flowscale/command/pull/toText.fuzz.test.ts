// Whatever a server sends, the file that `flowscale pull` writes holds the expected constants and nothing else.
import type { Workflow } from '@flowscale/client'
import fc from 'fast-check'
import ts from 'typescript'
import { assert, suite } from '#test'
import { readWorkflows } from '../../../../../packages/flowscale/src/command/pull/readWorkflows.ts'
import { toText } from '../../../../../packages/flowscale/src/command/pull/toText.ts'
import { checkConstant, isFile } from './checkConstant.ts'

const test = suite('hostile workflows')

const hostile = [
  ...'*/ /* // /** * / \' " ` \\ } ${ < > ; , { ) _ $ - . @ #!/bin/sh <script>'.split(' '),
  ...'@ts-ignore @ts-expect-error @ts-nocheck @deprecated @jsx any unknown delete readonly new'.split(' '),
  ...'x Paint 1 é e\u0301 画 🎨 __proto__ constructor'.split(' '),
  ...'\u2028 \u2029 \u0085 \u202e \ufeff \u200d \ufe0f \0 \x1b[2J \ud800 \udc00 \n \r\n'.split(' '),
  ...['@type {any}', '{@link x}', '*/ process.exit(1) /*', "'] as any); evil('", ' ', '  '],
]
const text = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(...hostile) },
      { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 4 }) },
      { weight: 1, arbitrary: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) },
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(''))
const scalar = fc.oneof(text, fc.double(), fc.integer(), fc.boolean())
const kind = fc.constantFrom('string', 'number', 'boolean', 'image', 'video', 'file', 'unknown', 'any', '*/')
const rarely = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 2 })
const details = fc.record(
  {
    required: fc.oneof(fc.boolean(), text),
    array: fc.oneof(fc.boolean(), text),
    default: rarely(fc.oneof(scalar, fc.constant(null), fc.object())),
    min: rarely(scalar),
    max: rarely(scalar),
    integer: rarely(scalar),
    options: rarely(
      fc.oneof(fc.array(scalar, { maxLength: 4 }), fc.array(fc.anything(), { maxLength: 2 }), text),
    ),
    description: rarely(scalar),
  },
  { requiredKeys: [] },
)
const inputs = fc.array(fc.tuple(text, kind, rarely(details)), { maxLength: 4 })
const id = text.filter((word) => !/^\.{0,2}$|\p{Surrogate}/u.test(word))
const server = fc.uniqueArray(
  fc.record({
    id,
    name: text,
    description: text,
    inputs,
    outputs: fc.oneof(fc.array(text, { maxLength: 3 }), fc.dictionary(text, kind, { maxKeys: 3 })),
    asText: fc.boolean(),
    names_files: fc.boolean(),
  }),
  { selector: (workflow) => workflow.id, minLength: 1, maxLength: 4 },
)
type Sent = typeof server extends fc.Arbitrary<infer T> ? T : never

/** As it comes over the wire. */
const listed = (sent: Sent): Workflow[] =>
  sent.map(({ id, name, description, inputs, outputs, asText, names_files }) => {
    const kinds = Object.fromEntries(inputs.map(([name, kind]) => [name, kind]))
    const told = inputs.filter(([, , details]) => details).map(([name, , details]) => [name, details])
    const wire = JSON.stringify({
      id,
      name,
      description,
      inputs: asText ? JSON.stringify(kinds) : kinds,
      outputs: asText ? JSON.stringify(outputs) : outputs,
      names_files,
      ...(told.length && { input_details: Object.fromEntries(told) }),
    })
    return JSON.parse(wire)
  })

const fileImport = "import type { FileInput } from '@flowscale/client'"
const typedImport = "import { defineWorkflow } from '@flowscale/client/typed'"

const parse = (code: string) => ts.createSourceFile('workflows.ts', code, ts.ScriptTarget.ES2022, true)

test('the file holds the expected constants and nothing else', () => {
  fc.assert(
    fc.property(server, (sent) => {
      const workflows = readWorkflows(listed(sent))
      const code = toText(workflows)
      const file = parse(code)
      const { parseDiagnostics, commentDirectives, pragmas } = file as any
      assert.equal([parseDiagnostics.length, commentDirectives, pragmas.size], [0, undefined, 0])
      // What is written to disk is what was meant.
      assert.is(Buffer.from(code).toString(), code)
      const [first] = file.statements
      const takesFiles = workflows.some(({ inputs }) => inputs.some(isFile))
      const imports = takesFiles ? [fileImport, typedImport] : [typedImport]
      assert.equal(
        file.statements.slice(0, imports.length).map((one) => one.getText()),
        imports,
      )
      const comments = 1 + Number(code.includes('// An input is')) + Number(takesFiles)
      assert.is(ts.getLeadingCommentRanges(code, 0)?.length, comments)
      assert.ok(first)
      const rest = file.statements.slice(imports.length)
      assert.is(rest.length, workflows.length)
      for (const [index, statement] of rest.entries()) checkConstant(statement, workflows[index]!)
    }),
    { numRuns: 1500, seed: 5 },
  )
})

test('the order of the server does not matter, and no name is there twice', () => {
  const shuffled = server.chain((sent) =>
    fc.tuple(fc.constant(sent), fc.shuffledSubarray(sent, { minLength: sent.length })),
  )
  fc.assert(
    fc.property(shuffled, ([sent, other]) => {
      const workflows = readWorkflows(listed(sent))
      assert.is(toText(readWorkflows(listed(other))), toText(workflows))
      assert.is(new Set(workflows.map(({ constant }) => constant)).size, sent.length)
    }),
    { numRuns: 500, seed: 6 },
  )
})

test('a third workflow of a name renames no other', () => {
  const three = fc.tuple(text, fc.uniqueArray(id, { minLength: 3, maxLength: 3, selector: plain }))
  fc.assert(
    fc.property(three, ([name, ids]) => {
      const named = (some: string[]) => readWorkflows(some.map((id) => ({ ...bare, id, name: `x${name}` })))
      const after = new Map(named(ids).map(({ id, constant }) => [id, constant]))
      for (const { id, constant } of named(ids.slice(0, 2))) assert.is(after.get(id), constant)
    }),
    { numRuns: 500, seed: 7 },
  )
})

const bare = { description: '', inputs: {}, outputs: {} }
const plain = (id: string): string => id.replace(/\W/g, '_')
