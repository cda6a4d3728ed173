// The code of a call in several languages. A secret key is in none of them: each reads it from the environment.

import { demoKey } from '../state/address.ts'
import type { CalledWorkflow } from '../state/form.ts'

/** A call. Files are named, and lie in the folder that the code runs in. */
export interface Call {
  baseUrl: string
  apiKey: string
  workflow: CalledWorkflow
  inputs: Record<string, unknown>
  /** The server takes JSON, and can wait for the end: it is the gateway or the emulator. */
  isGateway: boolean
}

const isFile = (value: unknown): value is File => value instanceof File
const listOf = (value: unknown): unknown[] => [value].flat()
const indented = (lines: string[]) => lines.map((line) => `  ${line},\n`).join('')

/** A text of JavaScript, and of Python. */
const text = (value: string) =>
  `'${JSON.stringify(value).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`

/** A name before a colon. */
const key = (name: string) => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : text(name))

/** A word for sh, bash and zsh. */
const quote = (text: string) => (/^[\w./:=@+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`)

/** A value of JavaScript or Python; `file` reads a file there. */
const literal = (value: unknown, file: string, words: Record<string, string> = {}): string =>
  Array.isArray(value)
    ? `[${value.map((one) => literal(one, file, words)).join(', ')}]`
    : isFile(value)
      ? `${file}(${text(value.name)})`
      : typeof value === 'string'
        ? text(value)
        : (words[String(value)] ?? JSON.stringify(value))

const blockOf = (lines: string[]) => (lines.length ? `{\n${indented(lines)}}` : '{}')

/** Inputs as an object of JavaScript, on several lines. */
const objectOf = (inputs: Call['inputs']) =>
  blockOf(Object.entries(inputs).map(([name, value]) => `${key(name)}: ${literal(value, 'await fileInput')}`))

function clientOf({ baseUrl, apiKey }: Call) {
  const key = apiKey === demoKey ? `'${demoKey}'` : 'process.env.FLOWSCALE_API_KEY'
  const lines = [`baseUrl: ${text(baseUrl)}`, ...(apiKey ? [`apiKey: ${key}`] : [])]
  return `const client = createClient({\n${indented(lines)}})\n`
}

/** The name of each value, of each one of a list. */
const itemsOf = (inputs: Call['inputs']) =>
  Object.entries(inputs).flatMap(([name, value]) => listOf(value).map((item) => [name, item] as const))

const hasFile = (inputs: Call['inputs']) => itemsOf(inputs).some(([, item]) => isFile(item))

const importFiles = (inputs: Call['inputs']) =>
  hasFile(inputs) ? "import { fileInput } from '@flowscale/client/node'\n" : ''

function plain(call: Call) {
  const { workflow, inputs } = call
  return `import { createClient } from '@flowscale/client'
${importFiles(inputs)}import { executeWorkflowAsync } from '@flowscale/client/poller'

${clientOf(call)}
const { outputs } = await executeWorkflowAsync(client, ${text(workflow.id)}, ${objectOf(inputs)})
console.log(outputs)
`
}

type CalledField = CalledWorkflow['fields'][number]

function typeOf({ kind, details }: CalledField) {
  const own = ['string', 'number', 'boolean', 'unknown'].includes(kind) ? kind : 'FileInput'
  const one = details?.options?.map((option) => literal(option, '')).join(' | ') || own
  return details?.array ? `${one} | readonly ${details.options ? `(${one})` : one}[]` : one
}

function typed(call: Call) {
  const { workflow, inputs } = call
  // Where files are not named after their outputs, all of them are under one name.
  const names = workflow.outputs.length === 1 || workflow.namesFiles ? workflow.outputs : ['output']
  const fields: CalledField[] = workflow.fields.length
    ? workflow.fields
    : Object.keys(inputs).map((name) => ({ name, kind: 'unknown', details: undefined }))
  const isOptional = ({ name, details }: CalledField) =>
    details ? details.required === false : !(name in inputs)
  const lines = fields.map(
    (field) => `    ${key(field.name)}${isOptional(field) ? '?' : ''}: ${typeOf(field)}\n`,
  )
  const usesFiles = fields.some((field) => typeOf(field).includes('FileInput'))
  const quoted = names.map(text)
  return `import { createClient${usesFiles ? ', type FileInput' : ''} } from '@flowscale/client'
${importFiles(inputs)}import { defineWorkflow, run } from '@flowscale/client/typed'

${clientOf(call)}
const workflow = defineWorkflow<
  {
${lines.join('')}  },
  ${quoted.join(' | ')}
>(${text(workflow.id)}, [${quoted.join(', ')}])

const { outputs } = await run(client, workflow, ${objectOf(inputs)})
console.log(outputs)
`
}

const lines = (...words: string[]) => `${words.join(' \\\n  ')}\n`

const pathOf = ({ workflow }: Call) => `/workflows/${encodeURIComponent(workflow.id)}/runs`
const formAddressOf = ({ baseUrl, workflow }: Call) =>
  `${baseUrl}/api/v1/runs?workflow_id=${encodeURIComponent(workflow.id)}`

function curl(call: Call) {
  const { baseUrl, apiKey, inputs, isGateway } = call
  const key = apiKey === demoKey ? `'X-API-KEY: ${demoKey}'` : '"X-API-KEY: $FLOWSCALE_API_KEY"'
  const keyWords = apiKey ? [`-H ${key}`] : []
  const file = ({ name, type }: File) => {
    const path = name.replaceAll('\\', '\\\\').replaceAll('"', '\\"')
    return `@"${path}"${type ? `;type=${type}` : ''}`
  }
  const parts = itemsOf(inputs).map(([name, item]) =>
    // Where a text begins with @ or has a ;type=, -F would not send it as it stands.
    isFile(item) ? `-F ${quote(`${name}=${file(item)}`)}` : `--form-string ${quote(`${name}=${item}`)}`,
  )
  if (isGateway) {
    const body = hasFile(inputs) ? parts : [`--json ${quote(JSON.stringify(inputs))}`]
    const address = quote(`${baseUrl}/api/v1${pathOf(call)}`)
    const rest = `${address} |\n  jq -r '.data.outputs[].url // halt_error' | xargs -rn1 curl -O`
    return lines('curl --fail-with-body', ...keyWords, "-H 'Prefer: wait=120'", ...body, rest)
  }
  // Without a part there would be no form.
  const form = parts.length
    ? parts
    : ["-H 'content-type: multipart/form-data; boundary=none'", "--data-binary $'--none--\\r\\n'"]
  return lines(`curl -X POST ${quote(formAddressOf(call))}`, ...keyWords, ...form)
}

function python(call: Call) {
  const { baseUrl, apiKey, inputs } = call
  const usesFiles = hasFile(inputs)
  const words = { true: 'True', false: 'False', null: 'None' }
  const values = Object.entries(inputs).map(
    ([name, value]) => `${text(name)}: ${literal(value, 'read', words)}`,
  )
  const key = apiKey === demoKey ? text(demoKey) : "os.environ['FLOWSCALE_API_KEY']"
  const headers = [
    ...(apiKey ? [`'X-API-KEY': ${key}`] : []),
    "'Content-Type': 'application/json'",
    "'Prefer': 'wait=120'",
  ]
  const file = `
def read(name):  # for files of up to 7 MB
    kind = mimetypes.guess_type(name)[0] or 'application/octet-stream'
    with open(name, 'rb') as content:
        return f'data:{kind};base64,{base64.b64encode(content.read()).decode()}'
`
  return `import ${usesFiles ? 'base64, json, mimetypes, os' : 'json, os'}
from urllib.error import HTTPError
from urllib.request import Request, urlopen, urlretrieve

API = ${text(`${baseUrl}/api/v1`)}
HEADERS = ${blockOf(headers)}

def ask(path, body=None):
    data = None if body is None else json.dumps(body).encode()
    try:
        with urlopen(Request(API + path, data, HEADERS)) as answer:
            return json.load(answer)['data']
    except HTTPError as error:
        raise SystemExit(error.read().decode())  # it says what is wrong
${usesFiles ? file : ''}
run = ask(${text(pathOf(call))}, ${blockOf(values)})
run_id = run['run_id']
while run['status'] in ('queued', 'running'):
    run = ask(f'/runs/{run_id}')
if run['status'] != 'completed':
    raise SystemExit(run.get('error', run['status']))
for output in run['outputs']:
    urlretrieve(output['url'], output['filename'])
    print(output['filename'])
`
}

/** A text for PowerShell, in which typographic quotes also end a text. */
const quoteForPowerShell = (text: unknown) => `'${String(text).replace(/['\u2018-\u201b]/g, '$&$&')}'`

/** The code for Windows, where each shell needs other quotes around the arguments of curl. */
function powerShell(call: Call) {
  const { apiKey, inputs } = call
  const item = (value: unknown) =>
    isFile(value) ? `(Get-Item -LiteralPath ${quoteForPowerShell(value.name)})` : quoteForPowerShell(value)
  const fields = Object.entries(inputs).map(
    ([name, value]) => `  ${quoteForPowerShell(name)} = ${listOf(value).map(item).join(', ')}\n`,
  )
  const key = apiKey === demoKey ? `'${demoKey}'` : '$env:FLOWSCALE_API_KEY'
  const headers = apiKey ? `  Headers = @{ 'X-API-KEY' = ${key} }\n` : ''
  return `# PowerShell 7
$inputs = @{
${fields.join('')}}
$request = @{
  Uri = ${quoteForPowerShell(formAddressOf(call))}
  Method = 'Post'
  Form = $inputs
${headers}  MaximumRedirection = 0
}
Invoke-RestMethod @request
`
}

function command({ baseUrl, apiKey, workflow, inputs }: Call) {
  const items = itemsOf(inputs)
  const start = (...words: string[]) => [
    `npx flowscale run ${quote(workflow.id)}`,
    ...words,
    `--url ${quote(baseUrl)}`,
    ...(apiKey === demoKey ? [`--api-key ${demoKey}`] : []),
  ]
  // A dash alone means the standard input there.
  if (items.some(([, item]) => item === '-') && !hasFile(inputs)) {
    return `printf %s ${quote(JSON.stringify(inputs))} | ${lines(...start('--inputs -'))}`
  }
  const plain = (value: unknown) => (typeof value === 'string' && value.startsWith('@') ? `@${value}` : value)
  const words = items.map(([name, value]) =>
    quote(`${name}=${isFile(value) ? `@${value.name}` : plain(value)}`),
  )
  return lines(...start(...words))
}

export type Language = 'JavaScript' | 'TypeScript' | 'curl' | 'Command line' | 'PowerShell'

/** The code of a call, by language. For a server that takes no JSON there is no Python, whose standard library writes no forms. */
export function callCode(call: Call): Record<Language, string> & { Python?: string } {
  return {
    JavaScript: plain(call),
    TypeScript: typed(call),
    curl: curl(call),
    ...(call.isGateway && { Python: python(call) }),
    'Command line': command(call),
    PowerShell: powerShell(call),
  }
}
