// Words that are in none of these lists are not terminal.
export const isDone = (status: string | undefined): boolean => ['completed', 'success'].includes(status!)
export const isFailed = (status: string | undefined): boolean =>
  ['failed', 'error', 'cancelled', 'canceled', 'timed_out'].includes(status!)
export const isGoing = (status: string | undefined): boolean =>
  ['queued', 'pending', 'running', 'in_progress'].includes(status!)
