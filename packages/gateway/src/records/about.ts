/** The first record, which every place takes that keeps any. */
export const about: { readonly path: string; readonly value: object } = {
  path: 'about.json',
  // No text: some storages read JSON by themselves, and a text can't be told from what it stands for.
  value: { about: 'Records of runs, kept for 30 days' },
}
