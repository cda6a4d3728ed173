import { readAddress } from './address.js'

const { run, workflow } = readAddress()

/** The state of the page. Only the modules of the page change it. */
export const page = {
  /** The connection in use: `{ client, socket, stop }`. `stop` aborts it when it is replaced. */
  session: undefined,
  /** The server and the key of the lists on the page. */
  place: undefined,
  /** Each is `{ id, name, description, fields, outputs, namesFiles, problem }`. */
  workflows: [],
  /** All runs that the page has seen, by id. */
  runs: new Map(),
  /** The ids of the shown run and the shown workflow. */
  selected: run,
  workflowId: workflow,
}
