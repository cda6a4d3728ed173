/** What a caller knows of one call, when it has ended. Plain data: it may come from another runtime. */
export interface Call {
  runIds: string[]
  /** The error says that it may have been submitted. */
  maybe: boolean
  /** It ended with what the caller itself has thrown or given. */
  ownEnd: boolean
  /** How it ended, in a few words. */
  end: string
  /** How often the client has called fetch to submit it. */
  submits: number
  /** What must not be. */
  wrongs: string[]
}

/** Each call has a group of its own, by which the server tells them apart. */
export const groupOf = (index: number): string => `call-${index}`

export const indexOf = (groupId: string | null): number => Number(/^call-(\d+)$/.exec(groupId ?? '')?.[1])
