import { tensorText } from '../nodes/pictures.ts'
import type { PythonError } from '../python/PythonError.ts'
import { serverLine, traceback } from '../python/traceback.ts'
import type { Life } from '../types.ts'

const frames = [
  serverLine(496, 'execute'),
  serverLine(315, 'get_output_data'),
  serverLine(289, '_async_map_node_over_list'),
  serverLine(277, 'process_inputs'),
]

const show = (value: any): unknown =>
  value?.frames
    ? tensorText(value)
    : typeof value === 'object' && value !== null
      ? '<object>'
      : (value ?? null)

/** What history and the sockets tell of an exception, paths and all. */
export function errorMessage(
  life: Life,
  {
    about,
    error,
    inputs,
    nodes,
  }: {
    about: Record<string, unknown>
    error: PythonError
    inputs: Record<string, unknown>
    nodes: readonly string[]
  },
): Record<string, unknown> {
  const shown = Object.entries(inputs).map(([name, value]) => [name, [show(value)]])
  return {
    ...about,
    exception_message: `${error.message}\n`,
    exception_type: error.type,
    traceback: traceback(life, [...frames, ...error.frames]),
    current_inputs: Object.fromEntries(shown),
    current_outputs: nodes,
  }
}
