const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Nothing else is ever an id of ours, nor of a file. */
export const isRunId = (id: string): boolean => UUID.test(id)
