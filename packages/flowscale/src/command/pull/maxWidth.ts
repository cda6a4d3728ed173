/** Columns of the file that is written. */
export const maxWidth = 110
