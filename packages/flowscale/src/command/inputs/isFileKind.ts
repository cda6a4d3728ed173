import type { WorkflowKind } from '@flowscale/client'

/** Whether an input of this kind takes a file. */
export const isFileKind = (kind: WorkflowKind): boolean =>
  kind === 'image' || kind === 'video' || kind === 'audio' || kind === 'file'
