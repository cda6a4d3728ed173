import { make } from './dom.js'
import { makeField } from './fields.js'

/**
 * Fields of names and values, for a server that does not say which inputs a workflow takes: `{ element, read(), write() }`.
 */
export function makeRows() {
  let count = 0
  const rows = new Set()
  const list = make('div', { className: 'column' })

  function add(kind, name = '', value = undefined) {
    const id = `row-${count++}`
    const field = makeField({ name: kind === 'file' ? 'file' : 'value', kind }, `${id}-value`)
    const label = make('label', { htmlFor: id }, make('span', {}, 'Name of the input'))
    const input = make('input', { id, value: name, spellcheck: false, autocapitalize: 'off' })
    input.setAttribute('aria-describedby', `${id}-value-problem`)
    const remove = make('button', { type: 'button', className: 'quiet' }, 'Remove the input')
    const element = make('div', { className: 'row field' }, label, input, field.element, remove)
    const row = { field, input, element }
    if (value !== undefined) field.write(value)
    remove.addEventListener('click', () => {
      rows.delete(row)
      element.remove()
      adders.firstChild.focus()
    })
    rows.add(row)
    list.append(element)
    return input
  }

  const adder = (kind, text) => {
    const button = make('button', { type: 'button' }, text)
    button.addEventListener('click', () => add(kind).focus())
    return button
  }
  const adders = make(
    'div',
    { className: 'actions' },
    adder('string', 'Add a text'),
    adder('file', 'Add a file'),
  )
  const element = make('div', { className: 'column' }, list, adders)
  return {
    element,
    /** The fields by the names that they have now. */
    fields: () =>
      [...rows]
        .map(({ field, input }) => ({ ...field, name: input.value.trim() }))
        .filter(({ name, read }) => name || read() !== undefined),
    write(inputs) {
      rows.clear()
      list.replaceChildren()
      for (const [name, value] of inputs) add(value instanceof Blob ? 'file' : 'string', name, value)
    },
  }
}
