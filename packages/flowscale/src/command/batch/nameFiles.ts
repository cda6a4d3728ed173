import type { ResultOutput } from '@flowscale/client'

/** So many characters of an output's name are kept: at most 240 bytes in a file name, which may have 255. */
const most = 50

/**
 * The file names of a row's outputs: `0007.png`, and where there are several `0007-<name>.png`. No name leaves the folder,
 * and no two are the same, in capitals or not.
 */
export function nameFiles(row: number, rows: number, outputs: readonly ResultOutput[]): string[] {
  const number = `${row}`.padStart(Math.max(4, `${rows}`.length), '0')
  if (outputs.length === 1) return [`${number}${extensionOf(outputs[0]!)}`]
  const taken = new Set<string>()
  return outputs.map((output) => {
    const extension = extensionOf(output)
    const { filename } = output
    const stem = filename.endsWith(extension)
      ? filename.slice(0, filename.length - extension.length)
      : filename
    const clean = [...stem.replace(/[^\p{L}\p{N}_.-]+/gu, '_').replace(/\.{2,}|^\.|\.$/g, '_')]
    const base = `${number}-${clean.slice(0, most).join('')}`
    for (let copy = 1; ; copy++) {
      const name = `${base}${copy > 1 ? `-${copy}` : ''}${extension}`
      const key = name.normalize('NFC').toLowerCase()
      if (taken.has(key)) continue
      taken.add(key)
      return name
    }
  })
}

/** The extension of the name, or else of the link. Empty if neither has one. */
function extensionOf({ filename, download_url }: ResultOutput): string {
  const path = URL.canParse(download_url ?? '') ? new URL(download_url!).pathname : ''
  return find(filename) || find(path)
}

const find = (name: string): string => /[^/\\]\.([a-z\d]{1,10})$/i.exec(name)?.[0].slice(1) ?? ''
