import ts from 'typescript'
import { docComments } from './docComments.ts'
import { messages } from './messages.ts'
import { sentences } from './sentences.ts'
import type { Sentence } from './splitSentences.ts'

/** The sentences of a file: of its Markdown, or of its doc comments and messages. */
export function sentencesOf(file: string, text: string): Sentence[] {
  if (file.endsWith('.md')) return sentences(text)
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  return [...docComments(source), ...messages(source)].sort((a, b) => a.line - b.line)
}
