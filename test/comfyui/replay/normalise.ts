/** What is not compared, or only in part. It is printed with the counts. */
export const ignored: readonly string[] = [
  'ids that the server makes: one to one (prompt_id, sid)',
  'times: that they are numbers (timestamp, create_time, execution_…_time, modified, created), Last-Modified, Etag but for the size',
  'the folder of the server, its own files and Python, in paths; its port',
  'line numbers in tracebacks',
  'texts of tensors and objects in current_inputs',
  'six random digits of FSSave… and five letters of PreviewImage in names of files',
  'the order of what Python keeps in sets: executed, current_outputs, dependent_outputs, output nodes, errors of a node, cached nodes',
  'bytes and length of pictures that the server draws or converts, and of previews: only their first bytes',
  'of sockets: statuses, where two requests follow each other; progress in the middle of a node, where it is cut off',
  'how much of a body above the limit was read, in the text of 413',
  'Content-Length of JSON',
]

const times = [
  'timestamp',
  'create_time',
  'execution_start_time',
  'execution_end_time',
  'modified',
  'created',
]
const sets = ['executed', 'current_outputs', 'dependent_outputs', 'errors', 'nodes']

export interface Place {
  folder: string
  port: number
}

const byText = (a: unknown, b: unknown): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)

function normaliseText(value: string, { folder }: Place): string {
  if (/^tensor\(|^<.* object at 0x|^<object>$/.test(value)) return '(an object)'
  return value
    .replaceAll(`${folder}/comfyui`, '<server>')
    .replaceAll(folder, '<base>')
    .replaceAll('/usr/lib/python3.13', '<python>')
    .replace(/", line \d+, in /g, '", line N, in ')
    .replace(/ComfyUI_temp_[a-z]{5}_/g, 'ComfyUI_temp_LLLLL_')
    .replace(/_\d{6}\.(png|jpeg|webp|txt)/g, '_DDDDDD.$1')
    .replace(/(exceeded, actual body size) \d+/, '$1 N')
}

const isItem = (value: unknown[]): boolean =>
  value.length === 5 &&
  typeof value[0] === 'number' &&
  typeof value[1] === 'string' &&
  Array.isArray(value[4])

/** A value without what can't be the same on two servers. */
export function normalise(value: unknown, place: Place, key = ''): unknown {
  if (typeof value === 'number') return times.includes(key) ? 'T' : value
  if (typeof value === 'string') {
    return key === 'argv' && value === String(place.port) ? '8188' : normaliseText(value, place)
  }
  if (Array.isArray(value)) {
    const held = value.map((item) => normalise(item, place, key))
    if (isItem(held)) (held[4] as unknown[]).sort(byText)
    return sets.includes(key) ? held.sort(byText) : held
  }
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, held]) => [name, normalise(held, place, name)]))
}
