const LONGEST = 64

/** A name of letters, digits and `_` from a title: `Positive prompt` gives `positive_prompt`. May be empty. */
export function cleanName(title: string): string {
  return title
    .slice(0, LONGEST)
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_|_$/g, '')
}
