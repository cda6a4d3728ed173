import { hashText, makeRandom, pick, type Random } from './random.ts'

const PLACES = [
  'the harbour',
  'the valley',
  'an old garden',
  'the far shore',
  'the quiet street',
  'the hills',
]
const TIMES = [
  'at first light',
  'after the rain',
  'late in the evening',
  'in early spring',
  'when nobody looks',
]
const VERBS = [
  'waits',
  'turns',
  'sings',
  'glows',
  'drifts',
  'listens',
  'remembers',
  'wanders',
  'rests',
  'returns',
]
const MANNERS = ['slowly', 'again', 'without a sound', 'as ever', 'with a smile', 'and then is gone']
const THINGS = ['the wind', 'a lantern', 'the tide', 'a small bird', 'the moon', 'somebody', 'a distant bell']
const MOST_OF_PROMPT = 40

/** A sentence of words; `word` is one of the prompt's. */
const SENTENCES: ((random: Random, word: string) => string)[] = [
  (r, word) => `In ${pick(r, PLACES)}, ${word} ${pick(r, VERBS)} ${pick(r, MANNERS)}.`,
  (r, word) => `${pick(r, THINGS)} ${pick(r, VERBS)} near ${word} ${pick(r, TIMES)}.`,
  (r, word) => `${word}, says ${pick(r, THINGS)}, ${pick(r, VERBS)} ${pick(r, MANNERS)}.`,
  (r, word) => `Between ${pick(r, THINGS)} and ${pick(r, PLACES)}, only ${word} ${pick(r, VERBS)}.`,
  (r, word) => `${pick(r, TIMES)}, ${pick(r, THINGS)} ${pick(r, VERBS)}, and so does ${word}.`,
]

interface TextRequest {
  readonly prompt: string
  readonly seed: number
  /** How many words the text has. */
  readonly words: number
}

/** Lines of text around the words of the prompt, a sentence each. Yields progress after each line. */
export function* writeText({ prompt, seed, words }: TextRequest): Generator<number, string> {
  const random = makeRandom(hashText(`${seed}\n${prompt}`))
  const own = wordsOf(prompt)
  const lines: string[] = []
  for (let count = 0; count < words; ) {
    const sentence = pick(random, SENTENCES)(random, own[lines.length % own.length]!)
    const all = sentence.split(' ')
    const kept = all.slice(0, words - count)
    const line = kept.length < all.length ? `${kept.join(' ').replace(/,$/, '')}.` : sentence
    lines.push(line.charAt(0).toUpperCase() + line.slice(1))
    count += kept.length
    yield count / words
  }
  return `${lines.join('\n')}\n`
}

/** The longer words, if there are any: the others are often articles and prepositions. */
function wordsOf(prompt: string): string[] {
  const all = prompt.match(/[\p{L}\p{N}][\p{L}\p{M}\p{N}'’-]*/gu) ?? ['nothing']
  const longer = all.filter((word) => word.length > 3)
  return (longer.length > 0 ? longer : all).slice(0, MOST_OF_PROMPT)
}
