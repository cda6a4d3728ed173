import { readAddress } from './address.js'

const { run, workflow } = readAddress()

/** What the page knows. Only its modules change it. */
export const page = {
  /** The connection in use: `{ client, socket, stop }`. One that was replaced is aborted by its `stop`. */
  session: undefined,
  /** The server and key that the lists are of. */
  place: undefined,
  /** Each is `{ id, name, description, fields, outputs, namesFiles, problem }`. */
  workflows: [],
  /** Each run that was seen, by its id. */
  runs: new Map(),
  /** The ids of the run and of the workflow that are shown. */
  selected: run,
  workflowId: workflow,
}
