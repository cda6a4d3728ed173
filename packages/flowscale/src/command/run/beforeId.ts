import { commandName } from '../commandName.ts'
import { CommandError } from '../errors.ts'
import { Interrupted } from '../Interrupted.ts'
import { quote } from '../quote.ts'

/** What a submission ended by whose run has no id yet. */
export function beforeId(error: unknown, submission: { workflowId: string; groupId: string }): unknown {
  if (!(error instanceof Interrupted)) return error
  const message =
    'Interrupted before the server answered: the run may have been submitted. ' +
    `Look for it with "${commandName} runs --group ${quote(submission.groupId)}".`
  return new CommandError('interrupted', message, { maybeSubmitted: true, ...submission })
}
