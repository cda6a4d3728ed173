import { parseWorkflow } from '@flowscale/client'

/** A workflow as the page needs it. */
export function readWorkflow(workflow) {
  const { id, name, description, input_details: details, names_files: namesFiles } = workflow
  const about = { id, name: name || id, description, namesFiles, fields: [], outputs: [] }
  try {
    const { inputs, outputs } = parseWorkflow(workflow)
    const fields = Object.entries(inputs).map(([name, kind]) => ({ name, kind, details: details?.[name] }))
    return { ...about, fields, outputs: Object.keys(outputs) }
  } catch (error) {
    return { ...about, problem: error.message }
  }
}
