import { make, show } from './dom.js'
import { fileInput } from './fileInput.js'

/** `Text 51536` and the like without its number: the words of an input's name. */
const human = (name) => {
  const words = name.replace(/_\d+$/, '').replaceAll('_', ' ').trim() || name
  return words[0].toUpperCase() + words.slice(1)
}

const wordOf = (value) => ({ true: 'Yes', false: 'No' })[value] ?? String(value)

/**
 * A field of the form, `{ name, read(), write(value), input, problem, element }`. `details` has the
 * server's other facts about the input, if there are any.
 */
export function makeField({ name, kind, details }, id) {
  const isFile = ['image', 'video', 'audio', 'file'].includes(kind)
  const mark = details && (details.required === false ? 'optional' : 'required')
  const problem = make('p', { id: `${id}-problem`, className: 'problem', hidden: true })
  const about = make('p', { id: `${id}-about`, className: 'hint', hidden: true })
  const several = details?.array && !isFile ? 'Each line is a value.' : undefined
  show(about, [details?.description, several].filter(Boolean).join(' '))
  const label = [human(name), mark].filter(Boolean).join(', ')
  const { input, read, write, parts } = isFile
    ? fileInput(kind, label, Boolean(details?.array))
    : valueInput(name, kind, details ?? {})
  input.id = id
  input.setAttribute('aria-describedby', `${problem.id} ${about.id}`)
  const words = [make('span', {}, human(name)), ' ', make('code', {}, name)]
  if (mark) words.push(' ', make('small', { className: mark }, mark))
  // The drop area is the label of a file input.
  const title = isFile
    ? make('p', { className: 'label' }, ...words)
    : make('label', { htmlFor: id }, ...words)
  for (const part of parts) if (part.matches('.drop')) part.htmlFor = id
  const element = make('div', { className: 'field' }, title, problem, ...parts, about)
  const refuse = (text) => {
    show(problem, text)
    input.setAttribute('aria-invalid', String(Boolean(text)))
  }
  element.addEventListener('input', () => refuse(''))
  return {
    name,
    read,
    input,
    problem,
    element,
    refuse,
    write(value) {
      refuse('')
      write(value)
      // A run has only the names of its files.
      const names = isFile ? [value ?? []].flat().filter((one) => typeof one === 'string') : []
      if (names.length) refuse(`Choose the ${names.length > 1 ? 'files' : 'file'} again: ${names.join(', ')}`)
    },
  }
}

function valueInput(name, kind, details) {
  const { options, array, min, max, integer } = details
  const usual = details.default === undefined ? 'Default' : `Default: ${wordOf(details.default)}`
  if (kind === 'boolean' || (options && !array)) {
    const values = options ?? [true, false]
    const choices = values.map((value, index) => make('option', { value: index, textContent: wordOf(value) }))
    const input = make('select', {}, make('option', { value: '', textContent: usual }), ...choices)
    const write = (value) => {
      const index = values.findIndex((item) => String(item) === String(value))
      input.value = index < 0 ? '' : index
    }
    return { input, parts: [input], write, read: () => values[input.value || -1] }
  }
  if (kind === 'number' && !array) {
    const isSeed =
      /^seed(_|$)|_seed$/.test(name) && details.required === false && details.default === undefined
    const range = [min !== undefined && `from ${min}`, max !== undefined && `to ${max}`]
      .filter(Boolean)
      .join(' ')
    const placeholder = [isSeed ? 'Chosen by the server' : usual, range].filter(Boolean).join(', ')
    const input = make('input', { type: 'number', step: integer ? 1 : 'any', placeholder })
    const write = (value) => {
      input.value = value ?? ''
    }
    // A seed may have more digits than a number holds.
    const toNumber = (text) =>
      String(Number(text)) === text || Number.isSafeInteger(Number(text)) ? Number(text) : text
    // What is no number is for the server to refuse.
    return {
      input,
      parts: [input],
      write,
      read: () => (input.value === '' ? undefined : toNumber(input.value)),
    }
  }
  const isPrompt = /prompt|^text/.test(name)
  const placeholder = details.default === undefined ? (isPrompt ? 'What shall it be?' : '') : usual
  const input = make('textarea', { placeholder })
  if (isPrompt && details.default === undefined) input.value = 'a lighthouse at dusk'
  const write = (value) => {
    input.value = [value ?? []].flat().join('\n')
  }
  const read = () => {
    const text = input.value.trim() || undefined
    const values = array && text ? text.split(/\s*\n\s*/) : []
    return values.length > 1 ? values : text
  }
  return { input, parts: [input], write, read }
}
