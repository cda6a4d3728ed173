import { make } from './dom.js'
import { tone, wordOf } from './runState.js'

/** The state of a run: a dot and a word. */
export const badge = (run) =>
  make(
    'span',
    { className: `badge ${tone(run)}` },
    make('span', { className: `dot ${tone(run)}` }),
    wordOf(run),
  )

/** The time at which a run was submitted, with the day if that is not today. */
export function timeOf({ at }) {
  const date = new Date(at)
  const isToday = date.toDateString() === new Date().toDateString()
  const day = isToday ? {} : { day: 'numeric', month: 'short' }
  const text = date.toLocaleString('en-GB', { ...day, hour: '2-digit', minute: '2-digit' })
  return make('time', { dateTime: date.toISOString(), title: date.toLocaleString('en-GB') }, text)
}
