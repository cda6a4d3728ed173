import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { findings } from '../../../scripts/check-english.ts'

const test = suite('check of the English')
const words = (count: number): string => Array.from({ length: count }, () => 'word').join(' ')
const at = (markdown: string): string[] =>
  findings(markdown).map(({ line, text }) => `${line} ${text.split(':')[0]}`)

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
  assert.equal(findings('The answer tells the id.'), [
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
  for (const text of odd) assert.is(findings(text).length, 1, text)
  assert.equal(findings('`anew` is a word of the *client*. It polls again. What is a pod?'), [])
})

test.run()
