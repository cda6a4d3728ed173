const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Ids of runs and of files are all UUIDs. */
export const isRunId = (id: string): boolean => UUID.test(id)
