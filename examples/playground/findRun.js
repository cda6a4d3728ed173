import { getRun } from '@flowscale/client'
import { note, noteRun } from './note.js'
import { page } from './page.js'

/** Reads one run from the server, such as an old run that the address of the page names. */
export async function findRun(at, id) {
  try {
    const { data } = await getRun(at.client, id, { signal: at.stop.signal })
    if (at === page.session) noteRun(data)
  } catch (error) {
    if (at === page.session && error.status === 404) note(id, { status: 'lost' })
  }
}
