export interface Sentence {
  line: number
  text: string
}

const segmenter = new Intl.Segmenter('en', { granularity: 'sentence' })

/** The sentences of a text that begins at the line. A line break in the text ends no sentence. */
export function splitSentences(text: string, line: number): Sentence[] {
  // The segmenter ends a sentence at each line break. So the text gets line breaks only between the quotations of a list.
  const prose = text.replaceAll('\n', ' ').replaceAll('"; ', '";\n')
  return [...segmenter.segment(prose)].map(({ segment, index }) => ({
    line: line + text.slice(0, index).split('\n').length - 1,
    text: segment.trim(),
  }))
}
