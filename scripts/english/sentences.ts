import type { Nodes, PhrasingContent } from 'mdast'
import { fromMarkdown } from 'mdast-util-from-markdown'
import { gfmTableFromMarkdown } from 'mdast-util-gfm-table'
import { gfmTable } from 'micromark-extension-gfm-table'
import { type Sentence, splitSentences } from './splitSentences.ts'

/** The sentences of a Markdown text. Code counts as the word `Code`, a link as its text, and a cell of a table by itself. */
export function sentences(markdown: string): Sentence[] {
  const found: Sentence[] = []
  const visit = (node: Nodes): void => {
    if (node.type === 'paragraph' || node.type === 'heading' || node.type === 'tableCell') {
      found.push(...splitSentences(node.children.map(textOf).join(''), node.position!.start.line))
    } else if ('children' in node) for (const child of node.children) visit(child)
  }
  visit(fromMarkdown(markdown, { extensions: [gfmTable()], mdastExtensions: [gfmTableFromMarkdown()] }))
  return found
}

/** With a line break where the Markdown has one. */
function textOf(node: PhrasingContent): string {
  if (node.type === 'text') return node.value
  if ('children' in node) return node.children.map(textOf).join('')
  const { start, end } = node.position!
  // A capital letter, as a sentence may begin with it.
  return (node.type === 'inlineCode' ? 'Code' : '') + '\n'.repeat(end.line - start.line)
}
