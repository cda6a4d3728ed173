import ts from 'typescript'
import { sentences } from './sentences.ts'
import type { Sentence } from './splitSentences.ts'

/** The sentences of the doc comments, without the names of tags. A link counts as its text, or as code. */
export function docComments(source: ts.SourceFile): Sentence[] {
  const found = new Set<ts.JSDoc>()
  const visit = (node: ts.Node): void => {
    for (const comment of ts.getJSDocCommentsAndTags(node)) if (ts.isJSDoc(comment)) found.add(comment)
    ts.forEachChild(node, visit)
  }
  visit(source)
  return [...found].flatMap((comment) => {
    const start = source.getLineAndCharacterOfPosition(comment.getStart()).line
    return sentences(toMarkdown(comment.getText())).map(({ line, text }) => ({ line: start + line, text }))
  })
}

/** The comment as Markdown, line by line, so that each line keeps its number. */
function toMarkdown(comment: string): string {
  return (
    comment
      .replace(/^\/\*\*/, '')
      .replace(/\*\/$/, '')
      .replace(/^[ \t]*\*[ \t]?/gm, '')
      .replace(/\{@\w+\s+([^}|\s]+)\s*\}/g, '`$1`')
      .replace(/\{@\w+\s+[^}|]+\|\s*([^}]+)\}/g, '$1')
      // A tag with a text begins a paragraph, as an item of a list does.
      .replace(/^@(?:param|property|typeParam)\s+\S+(?:\s+-)?/gm, '-')
      .replace(/^@\w+[ \t]*$/gm, '')
      .replace(/^@\w+/gm, '-')
  )
}
