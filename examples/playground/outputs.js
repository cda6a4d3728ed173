// The files that a run has made.

import { downloadOutput, getOutput } from '@flowscale/client'
import { $, make, show } from './dom.js'
import { page } from './page.js'

/** The tag of the element that shows an output. */
export const kindOf = ({ filename = '' }) =>
  /\.(png|jpe?g|webp|gif|avif|svg)$/i.test(filename)
    ? 'img'
    : /\.(mp4|webm|mov)$/i.test(filename)
      ? 'video'
      : /\.(mp3|wav|ogg|flac)$/i.test(filename)
        ? 'audio'
        : /\.(txt|json|md|csv|srt)$/i.test(filename)
          ? 'pre'
          : 'p'

/** Gives an element a fresh link to its output. */
export async function renew(output, element) {
  try {
    const fresh = await getOutput(page.session.client, output.filename)
    output.download_url = fresh?.data.download_url ?? output.download_url
    element.src = output.download_url
  } catch (error) {
    element.alt = error.status === 404 ? 'This file is gone.' : error.message
  }
}

/** The text of an output. The key does not go to the server of the files. */
export async function readText(output) {
  try {
    const text = await (await downloadOutput(page.session.client, output)).text()
    return /\.json$/i.test(output.filename) ? JSON.stringify(JSON.parse(text), null, 2) : text
  } catch (error) {
    return error.message
  }
}

/** A button that saves an output. */
export function downloadButton(run, output) {
  const button = make('button', { type: 'button' }, 'Download')
  if (run.outputs.length > 1) button.ariaLabel = `Download ${output.filename}`
  button.addEventListener('click', async () => {
    button.disabled = true
    try {
      const blob = await (await downloadOutput(page.session.client, output)).blob()
      const link = make('a', { href: URL.createObjectURL(blob), download: output.filename })
      link.click()
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
    } catch (error) {
      show($('trouble'), error.message)
    }
    button.disabled = false
  })
  return button
}
