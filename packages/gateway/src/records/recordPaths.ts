/** Where the records of a run are. */
export function recordPaths(id: string): { run: string; cancel: string; end: string } {
  return { run: `runs/${id}.json`, cancel: `cancelled/${id}.json`, end: `ended/${id}.json` }
}
