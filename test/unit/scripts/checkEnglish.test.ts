import { join } from 'node:path'
import { assert, suite } from '#test'
import { findings } from '../../../scripts/check-english.ts'
import { listFiles } from '../../../scripts/english/listFiles.ts'

const test = suite('check of the English')
const words = (count: number): string => Array.from({ length: count }, () => 'word').join(' ')
const at = (markdown: string): string[] =>
  findings('a.md', markdown).map(({ line, text }) => `${line} ${text.split(':')[0]}`)
const inSource = (source: string): string[] =>
  findings('a.ts', source).map(({ line, text }) => `${line} ${text}`)

test('lists a sentence of more than 30 words, with its line', () => {
  assert.equal(at(`# Title\n\nIt is short. A ${words(29)}.`), [])
  assert.equal(at(`# Title\n\nIt is\nshort. A ${words(30)}.`), ['4 31 words'])
  assert.equal(at(`- one\n- A ${words(30)}`), ['2 31 words'])
})

test('a line break ends no sentence, and neither does a colon', () => {
  assert.equal(at(`A ${words(15)}\n${words(15)}.`), ['1 31 words'])
  assert.equal(at(`A ${words(15)}:\n${words(15)}.`), ['1 31 words'])
})

test('each quotation of a list counts by itself', () => {
  assert.equal(at(`"a ${words(19)}"; "a ${words(19)}"; \`code\`: "a ${words(19)}"`), [])
  assert.equal(at(`"a ${words(19)}";\n"a ${words(30)}"`), ['2 31 words'])
  assert.equal(at(`"a ${words(19)}", "a ${words(19)}"`), ['1 40 words'])
})

test('code is a word, and may begin a sentence', () => {
  assert.equal(at(`A \`${words(40)}\`.`), [])
  assert.equal(at(`A ${words(20)}. \`getRun\` ${words(20)}.`), [])
  assert.equal(at(`A ${words(29)}, \`a b\`.`), ['1 31 words'])
  assert.equal(at(`A \`one\ntwo\`. A ${words(30)}.`), ['2 31 words'])
  assert.equal(at(`\`\`\`\nA ${words(40)}\n\`\`\``), [])
})

test('a link counts by its text, and a cell of a table by itself', () => {
  assert.equal(at(`A ${words(28)} [word](https://example.com/a.b "A title that is long").`), [])
  assert.equal(at(`A ${words(20)} [${words(10)}](a.md).`), ['1 31 words'])
  assert.equal(at(`| ${words(20)} | ${words(20)} |\n| --- | --- |\n| a | A ${words(30)} |`), ['3 31 words'])
})

test('lists odd words with better ones, and code never', () => {
  assert.equal(findings('a.md', 'The answer tells the id.'), [
    { line: 1, text: '"tells" (better: says, shows, names): The answer tells the id.' },
  ])
  const odd = [
    'Anew it polls',
    'A part of it',
    'What is sent ends',
    'Lest it fails',
    'It does so',
    'Be it late',
  ]
  for (const text of odd) assert.is(at(text).length, 1, text)
  assert.equal(at('`anew` is a word of the *client*. It polls again. What is a pod?'), [])
})

test('reads the doc comments of a source, without the names of tags and without code', () => {
  const odd = (line: number) => [`${line} "anew" (better: again): It polls anew.`]
  assert.equal(inSource('// It polls anew.\n/* It polls anew. */\nlet anew = 1'), [])
  assert.equal(inSource('/** It polls anew. */\nlet a = 1'), odd(1))
  assert.equal(inSource('interface A {\n  /**\n   * A field.\n   * It polls anew.\n   */\n  a: 1\n}'), odd(4))
  assert.equal(
    inSource('/**\n * One.\n * @param anew - a name\n * @throws It polls anew.\n */\nfunction a() {}'),
    odd(4),
  )
  assert.equal(
    inSource('/**\n * See `anew`, {@link anew}.\n *\n * @example\n * ```ts\n * anew()\n * ```\n */\nlet a'),
    [],
  )
  assert.equal(
    inSource(`/**\n * A {@link a | word} ${words(28)}.\n * @throws A ${words(20)}.\n */\nlet a`),
    [],
  )
  assert.equal(inSource(`/**\n * A {@link a} ${words(15)}\n * ${words(14)}.\n */\nlet a`), [
    `2 31 words: A Code ${words(29)}.`,
  ])
})

test('reads the messages of a source: strings and templates of four words', () => {
  assert.equal(inSource("\nthrow new Error('it must be sent anew')"), [
    '2 "anew" (better: again): it must be sent anew',
  ])
  assert.equal(inSource(`log(\`\${anew} must be sent anew\nand \${b ? 'it is sent anew' : ''} then\`)`), [
    '1 "anew" (better: again): Code must be sent anew',
    '2 "anew" (better: again): it is sent anew',
  ])
  assert.equal(inSource(`log('A ${words(15)} ' +\n  anew +\n  ' ${words(15)}')`), [
    `1 32 words: A ${words(15)} Code ${words(15)}`,
  ])
  assert.equal(inSource("import 'anew'\nconst anew = ['sent anew', 'anew(a); b(c); d = 1', `anew`]"), [])
})

test('lists the files of a folder, and leaves out what is built or installed', () => {
  const files = listFiles('packages/client')
  assert.ok(files.includes(join('packages/client/src/client.ts')))
  assert.ok(files.includes(join('packages/client/README.md')))
  assert.not(files.some((file) => file.includes('dist') || file.endsWith('.json')))
  assert.equal(listFiles('README.md'), ['README.md'])
})
