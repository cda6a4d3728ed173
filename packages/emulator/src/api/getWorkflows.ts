import { success } from '../http/answers.ts'
import type { Call } from '../http/routes.ts'
import type { Workflow } from '../options/checkWorkflows.ts'

export function getWorkflows({ pod }: Call): Response {
  const workflows = [...pod.workflows.values()]
  if (pod.settings.dialect === 'python') {
    return success({
      workflows: workflows.map(({ id, name, description, inputs, outputs }) => ({
        workflow_id: id,
        name,
        description,
        inputs: kindsOf(inputs),
        outputs: [...outputs.keys()],
      })),
    })
  }
  return success(
    workflows.map(({ id, name, description, inputs, outputs }) => ({
      id,
      name,
      description,
      inputs: spaced(kindsOf(inputs)),
      outputs: spaced(Object.fromEntries(outputs)),
    })),
  )
}

function kindsOf(inputs: Workflow['inputs']): object {
  return Object.fromEntries([...inputs].map(([name, { kind }]) => [name, kind]))
}

/** JSON on one line with spaces, as the published README shows it. */
function spaced(value: object): string {
  return JSON.stringify(value, null, 1).replace(/\n\s*/g, ' ')
}
