import { unpaintedWords } from '@flowscale/emulator'
import { assert, suite } from '#test'

const test = suite('words without a picture')

const prompts: [prompt: string, words: string[]][] = [
  ['a lighthouse at dusk', []],
  ['two red foxes in the snow', ['two']],
  ['a cat on a bicycle in Paris', ['bicycle', 'paris']],
  ['A whale, a WHALE and whales', ['whale', 'whales']],
  ['a desert without cars', []],
  ['un château à l’aube', ['un', 'château', 'à', 'l', 'aube']],
  ['', []],
]
for (const [prompt, words] of prompts) {
  test(prompt || 'no prompt', () => assert.equal(unpaintedWords(prompt), words))
}
