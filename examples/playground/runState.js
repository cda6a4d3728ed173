// The state of a run in words and colours.

const failed = ['failed', 'error', 'cancelled', 'timed_out', 'lost']
/** States without a colour. */
const quiet = ['queued', 'cancelled']

export const isDone = ({ status }) => status === 'completed' || status === 'success'
export const isEnded = (run) => isDone(run) || failed.includes(run.status)

/** The colour of a run: the name of a class. */
export const tone = (run) =>
  isDone(run) ? 'good' : quiet.includes(run.status) ? '' : failed.includes(run.status) ? 'bad' : 'busy'

/** The word for the state of a run. */
export const wordOf = (run) =>
  run.isCancelling && !isEnded(run)
    ? 'cancelling'
    : run.status === 'lost'
      ? 'gone from the server'
      : run.status
