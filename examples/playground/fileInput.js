import { make, say } from './dom.js'

const sizeOf = (bytes) =>
  bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} KB` : `${(bytes / 1e6).toFixed(1)} MB`

/** An input for one file or several, chosen or dropped: `{ input, parts, read(), write(value) }`. */
export function fileInput(kind, label, takesSeveral) {
  let files = []
  const accept = kind === 'file' ? '' : `${kind}/*`
  const input = make('input', { type: 'file', className: 'unseen', accept, multiple: takesSeveral })
  const article = /^[aeiou]/.test(kind) ? 'an' : 'a'
  const kinds = kind === 'file' ? 'files' : kind === 'audio' ? 'audio files' : `${kind}s`
  const area = make(
    'label',
    { className: 'drop' },
    make(
      'span',
      {},
      make('span', { className: 'unseen' }, `${label}: `),
      make('strong', {}, takesSeveral ? `Choose ${kinds}` : `Choose ${article} ${kind}`),
    ),
    make('span', {}, `or drop ${takesSeveral ? 'them' : 'it'} here`),
  )
  const list = make('div', { className: 'column files' })

  const take = (given) => {
    for (const image of list.querySelectorAll('img')) URL.revokeObjectURL(image.src)
    files = given
    input.value = ''
    area.dispatchEvent(new Event('input', { bubbles: true }))
    area.hidden = input.hidden = files.length > 0 && !takesSeveral
    list.hidden = !files.length
    list.replaceChildren(...files.map((file) => rowOf(file, () => take(files.filter((one) => one !== file)))))
  }

  function rowOf(file, onRemove) {
    const isImage = file.type.startsWith('image/')
    const picture = isImage ? make('img', { src: URL.createObjectURL(file), alt: '' }) : undefined
    const size = make('small', {}, `${sizeOf(file.size)} · ${file.type || 'unknown type'}`)
    const remove = make('button', { type: 'button', ariaLabel: `Remove ${file.name}` }, 'Remove')
    remove.addEventListener('click', () => {
      onRemove()
      input.focus()
    })
    // A file that is no image after all has no preview.
    picture?.addEventListener('error', () => picture.remove())
    return make('div', { className: 'chosen' }, picture, make('p', {}, file.name, size), remove)
  }

  /** Takes files that the user gave. */
  const accepted = (given) => {
    if (!given.length) return
    const added = takesSeveral ? [...given] : [given[0]]
    take(takesSeveral ? [...files, ...added] : added)
    say(`${added.map(({ name }) => name).join(', ')} chosen`)
    list.lastChild.lastChild.focus()
  }
  input.addEventListener('change', () => accepted(input.files))
  const over = (is) => (event) => {
    event.preventDefault()
    area.classList.toggle('over', is)
  }
  area.addEventListener('dragover', over(true))
  area.addEventListener('dragleave', over(false))
  area.addEventListener('drop', (event) => {
    over(false)(event)
    accepted(event.dataTransfer.files)
  })
  take([])
  return {
    input,
    parts: [input, area, list],
    write: (value) => take([value ?? []].flat().filter((one) => one instanceof Blob)),
    read: () => (files.length > 1 ? files : files[0]),
  }
}
