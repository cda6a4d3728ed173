import type { Ended, Mark, Submitted } from './types.ts'

const NAME =
  /(?:^|\/)([0-9a-z]+)_([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:_([0-9a-z]*)_([0-9a-z]*)|(_refused))?$/

const written = (time: number | null): string => (time === null ? '' : Math.trunc(time).toString(36))
const read = (text: string | undefined): number | null => (text ? Number.parseInt(text, 36) : null)

/** The mark of a run that was submitted. */
export function startMark({ id, createdAt }: Submitted): string {
  return `${written(createdAt)}_${id}`
}

/** The mark of a run that has ended; it stands for the first one. */
export function endMark({ run, status, startedAt, completedAt }: Ended): string {
  const end = status === 'refused' ? 'refused' : `${written(startedAt)}_${written(completedAt)}`
  return `${startMark(run)}_${end}`
}

/** One mark a run, whatever else lies in the folder. */
export function readMarks(names: readonly string[]): Mark[] {
  const marks = new Map<string, Mark>()
  for (const name of names) {
    const [, created, id = '', started, completed, refused] = NAME.exec(name) ?? []
    const end = refused ? 'refused' : completed === undefined ? undefined : 'ended'
    if (!created || (!end && marks.has(id))) continue
    const createdAt = read(created)!
    marks.set(id, { id, createdAt, startedAt: read(started), completedAt: read(completed), end })
  }
  return [...marks.values()]
}
