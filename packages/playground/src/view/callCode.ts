// The code of a call in several languages. A secret key is in none of them: each reads it from the environment.

import { demoKey } from '../state/address.ts'
import type { CalledWorkflow } from '../state/form.ts'

/** A call. Files are named, and lie in the folder that the code runs in. */
export interface Call {
  baseUrl: string
  apiKey: string
  workflow: CalledWorkflow
  inputs: Record<string, unknown>
}

const isFile = (value: unknown): value is File => value instanceof File
const listOf = (value: unknown): unknown[] => [value].flat()
const indented = (lines: string[]) => lines.map((line) => `  ${line},\n`).join('')

/** A name before a colon. */
const key = (name: string) => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name))

/** A word for sh, bash and zsh. */
const quote = (text: string) => (/^[\w./:=@+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`)

/** Inputs as an object of JavaScript, on several lines. */
function objectOf(inputs: Call['inputs']) {
  const item = (value: unknown) =>
    isFile(value) ? `await fileInput(${JSON.stringify(value.name)})` : JSON.stringify(value)
  const shownValue = (value: unknown) =>
    Array.isArray(value) ? `[${value.map(item).join(', ')}]` : item(value)
  const lines = Object.entries(inputs).map(([name, value]) => `${key(name)}: ${shownValue(value)}`)
  return lines.length ? `{\n${indented(lines)}}` : '{}'
}

function clientOf({ baseUrl, apiKey }: Call) {
  const key = apiKey === demoKey ? `'${demoKey}'` : 'process.env.FLOWSCALE_API_KEY'
  const lines = [`baseUrl: ${JSON.stringify(baseUrl)}`, ...(apiKey ? [`apiKey: ${key}`] : [])]
  return `const client = createClient({\n${indented(lines)}})\n`
}

const importFiles = (inputs: Call['inputs']) =>
  Object.values(inputs).some((value) => listOf(value).some(isFile))
    ? "import { fileInput } from '@flowscale/client/node'\n"
    : ''

function plain(call: Call) {
  const { workflow, inputs } = call
  return `import { createClient } from '@flowscale/client'
${importFiles(inputs)}import { executeWorkflowAsync } from '@flowscale/client/poller'

${clientOf(call)}
const { outputs } = await executeWorkflowAsync(client, ${JSON.stringify(workflow.id)}, ${objectOf(inputs)})
console.log(outputs)
`
}

type CalledField = CalledWorkflow['fields'][number]

function typeOf({ kind, details }: CalledField) {
  const own = ['string', 'number', 'boolean', 'unknown'].includes(kind) ? kind : 'FileInput'
  const one = details?.options?.map((option) => JSON.stringify(option)).join(' | ') || own
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
  const quoted = names.map((name) => JSON.stringify(name))
  return `import { createClient${usesFiles ? ', type FileInput' : ''} } from '@flowscale/client'
${importFiles(inputs)}import { defineWorkflow, run } from '@flowscale/client/typed'

${clientOf(call)}
const workflow = defineWorkflow<
  {
${lines.join('')}  },
  ${quoted.join(' | ')}
>(${JSON.stringify(workflow.id)}, [${quoted.join(', ')}])

const { outputs } = await run(client, workflow, ${objectOf(inputs)})
console.log(outputs)
`
}

const lines = (...words: string[]) => `${words.join(' \\\n  ')}\n`

function curl({ baseUrl, apiKey, workflow, inputs }: Call) {
  const file = ({ name, type }: File) => {
    const path = name.replaceAll('\\', '\\\\').replaceAll('"', '\\"')
    return `@"${path}"${type ? `;type=${type}` : ''}`
  }
  const parts = Object.entries(inputs).flatMap(([name, value]) =>
    // Where a text begins with @ or has a ;type=, -F would not send it as it stands.
    listOf(value).map((item) =>
      isFile(item) ? `-F ${quote(`${name}=${file(item)}`)}` : `--form-string ${quote(`${name}=${item}`)}`,
    ),
  )
  // Without a part there would be no form.
  const form = parts.length
    ? parts
    : ["-H 'content-type: multipart/form-data; boundary=none'", "--data-binary $'--none--\\r\\n'"]
  const address = `${baseUrl}/api/v1/runs?workflow_id=${encodeURIComponent(workflow.id)}`
  return lines(
    `curl -X POST ${quote(address)}`,
    ...(apiKey ? [`-H "X-API-KEY: ${apiKey === demoKey ? demoKey : '$FLOWSCALE_API_KEY'}"`] : []),
    ...form,
  )
}

/** A text for PowerShell, in which typographic quotes also end a text. */
const quoteForPowerShell = (text: unknown) => `'${String(text).replace(/['\u2018-\u201b]/g, '$&$&')}'`

/** The code for Windows, where each shell needs other quotes around the arguments of curl. */
function powerShell({ baseUrl, apiKey, workflow, inputs }: Call) {
  const item = (value: unknown) =>
    isFile(value) ? `(Get-Item -LiteralPath ${quoteForPowerShell(value.name)})` : quoteForPowerShell(value)
  const fields = Object.entries(inputs).map(
    ([name, value]) => `  ${quoteForPowerShell(name)} = ${listOf(value).map(item).join(', ')}\n`,
  )
  const address = `${baseUrl}/api/v1/runs?workflow_id=${encodeURIComponent(workflow.id)}`
  const key = apiKey === demoKey ? `'${demoKey}'` : '$env:FLOWSCALE_API_KEY'
  const headers = apiKey ? ` -Headers @{ 'X-API-KEY' = ${key} }` : ''
  return `# PowerShell 7
$inputs = @{
${fields.join('')}}
Invoke-RestMethod ${quoteForPowerShell(address)} -Method Post${headers} -Form $inputs -MaximumRedirection 0
`
}

function command({ baseUrl, apiKey, workflow, inputs }: Call) {
  const entries = Object.entries(inputs).flatMap(([name, value]) =>
    listOf(value).map((item) => [name, item] as const),
  )
  const start = (...words: string[]) => [
    `npx flowscale run ${quote(workflow.id)}`,
    ...words,
    `--url ${quote(baseUrl)}`,
    ...(apiKey === demoKey ? [`--api-key ${demoKey}`] : []),
  ]
  // A dash alone means the standard input there.
  if (entries.some(([, value]) => value === '-') && !entries.some(([, value]) => isFile(value))) {
    return `printf %s ${quote(JSON.stringify(inputs))} | ${lines(...start('--inputs -'))}`
  }
  const text = (value: unknown) => (typeof value === 'string' && value.startsWith('@') ? `@${value}` : value)
  const words = entries.map(([name, value]) =>
    quote(`${name}=${isFile(value) ? `@${value.name}` : text(value)}`),
  )
  return lines(...start(...words))
}

export type Language = 'JavaScript' | 'TypeScript' | 'curl' | 'PowerShell' | 'Command line'

/** The code of a call, by language. */
export function callCode(call: Call): Record<Language, string> {
  return {
    JavaScript: plain(call),
    TypeScript: typed(call),
    curl: curl(call),
    PowerShell: powerShell(call),
    'Command line': command(call),
  }
}
