/** Whether a run in this state has ended. */
export const isEnd = (status: string): boolean =>
  /^(completed|success|failed|error|cancell?ed|timed_out)$/.test(status)
