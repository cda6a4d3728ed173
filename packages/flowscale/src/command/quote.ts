/** A word for a shell: it is copied there, and a server may have written it. */
export const quote = (word: string): string =>
  /^[\w./:=@+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
