import { readFileSync } from 'node:fs'

/** A document of docs/ whose blocks are the files of an app. */
export interface Document {
  /** By the file that each names in its first line. */
  readonly blocks: Readonly<Record<string, string>>
  /** Blocks that name no file. */
  readonly unnamed: readonly string[]
  /** The lines of its blocks of commands. */
  readonly commands: readonly string[]
  /** A block by its file's name. */
  block(file: string): string
}

export function readDocument(name: string): Document {
  const text = readFileSync(new URL(`../../../docs/${name}`, import.meta.url), 'utf8')
  const blocks: Record<string, string> = {}
  const unnamed: string[] = []
  const commands: string[] = []
  for (const [, language, code] of text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)) {
    const [, file] = /^(?:\/\/|<!--|#) (\S+)(?: -->)?\n/.exec(code!) ?? []
    if (language === 'sh') commands.push(...code!.trim().split('\n'))
    else if (file) blocks[file] = code!
    else unnamed.push(code!)
  }
  return {
    blocks,
    unnamed,
    commands,
    block(file) {
      const found = blocks[file]
      if (found === undefined) throw new Error(`docs/${name} has no block ${file}`)
      return found
    },
  }
}

/** The pages for React, Vue and Svelte. */
export const inAPage: Document = readDocument('in-a-page.md')
