import { workflowOf } from './runWorkflow.js'

const isFileName = (text) => /^[^\n]{1,255}\.\w{2,4}$/.test(text) && !/\.\s/.test(text)

/** The title of a run: its prompt, else the name of its workflow. */
export function titleOf(run) {
  const workflow = workflowOf(run)
  const kindOf = (name) => workflow?.fields.find((field) => field.name === name)?.kind
  const texts = run.inputs.flatMap(([name, value]) => {
    const text = [value]
      .flat()
      .filter((item) => typeof item === 'string' && item.trim())
      .join(' / ')
    const isText = ['string', undefined].includes(kindOf(name)) && !isFileName(text)
    return text && isText ? [[name, text]] : []
  })
  const [, title] = texts.find(([name]) => /prompt|^text/i.test(name)) ?? texts[0] ?? []
  return title ?? workflow?.name ?? 'Run'
}
