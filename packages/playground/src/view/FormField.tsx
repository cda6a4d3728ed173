import type { JSX } from 'preact'
import { useLayoutEffect, useState } from 'preact/hooks'
import { choicesOf, isFile, isNumber, isPrompt, isSeed, refuse } from '../state/form.ts'
import { human } from '../state/runs.ts'
import { change, type Field, type InputDetails, say } from '../state/store.ts'

/** A field of the form: its label, its problem, its control and a hint. `title` has the words of the label. */
export function FormField({ field, title }: { field: Field; title: string }): JSX.Element {
  const { id, details, problem } = field
  const mark = details && (details.required === false ? 'optional' : 'required')
  const several = details?.array && !isFile(field) ? 'Each line is a value.' : ''
  const hint = [details?.description, isNumber(field) && rangeOf(details), several].filter(Boolean).join(' ')
  const words = (
    <>
      <span>{human(title)}</span> <code>{title}</code>
      {mark && (
        <>
          {' '}
          <small class={mark}>{mark}</small>
        </>
      )}
    </>
  )
  return (
    <div class="field">
      {/* The drop area is the label of a file input. */}
      {isFile(field) ? <p class="label">{words}</p> : <label for={id}>{words}</label>}
      <p id={`${id}-problem`} class="problem" hidden={!problem}>
        {problem}
      </p>
      {isFile(field) ? (
        <FileControl field={field} label={[human(title), mark].filter(Boolean).join(', ')} />
      ) : (
        <ValueControl field={field} />
      )}
      <p id={`${id}-about`} class="hint" hidden={!hint}>
        {hint}
      </p>
    </div>
  )
}

/** The range of a number, in words. The widest range that a number can hold says nothing. */
function rangeOf({ min, max }: InputDetails = {}): string {
  const isLimit = (value: number | undefined) =>
    value !== undefined && Number.isSafeInteger(Math.abs(value) + 1)
  const words = [isLimit(min) && `from ${min}`, isLimit(max) && `to ${max}`].filter(Boolean).join(' ')
  return words && `${words.charAt(0).toUpperCase()}${words.slice(1)}.`
}

const wordOf = (value: unknown) => (value === true ? 'Yes' : value === false ? 'No' : String(value))

/** What all controls have. */
const describe = ({ id, problem }: Field) => ({
  id,
  'aria-describedby': `${id}-problem ${id}-about`,
  'aria-invalid': Boolean(problem),
})

function ValueControl({ field }: { field: Field }) {
  const { text, details = {} } = field
  const usual = details.default === undefined ? 'Default' : `Default: ${wordOf(details.default)}`
  const common = {
    ...describe(field),
    value: text,
    onInput: ({
      currentTarget,
    }: {
      currentTarget: HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement
    }) => {
      field.text = currentTarget.value
      field.isUnreadable = currentTarget.validity.badInput
      refuse(field, '')
    },
  }
  const choices = choicesOf(field)
  if (choices) {
    return (
      <select {...common}>
        <option value="">{usual}</option>
        {choices.map((choice, index) => (
          <option key={index} value={index}>
            {wordOf(choice)}
          </option>
        ))}
      </select>
    )
  }
  if (isNumber(field)) {
    const isDrawn = isSeed(field) && details.required === false && details.default === undefined
    const placeholder = isDrawn ? 'Chosen by the server' : usual
    return <input {...common} type="number" step={details.integer ? 1 : 'any'} placeholder={placeholder} />
  }
  const wish = isPrompt(field) && !field.isRow ? 'What shall it be?' : ''
  return <textarea {...common} placeholder={details.default === undefined ? wish : usual} />
}

/** A control for one file or several, chosen or dropped. */
function FileControl({ field, label }: { field: Field; label: string }) {
  const { id, kind, files, details } = field
  const takesSeveral = Boolean(details?.array)
  const [isOver, setOver] = useState(false)
  const isFull = files.length > 0 && !takesSeveral
  const article = /^[aeiou]/.test(kind) ? 'an' : 'a'
  const kinds = kind === 'file' ? 'files' : kind === 'audio' ? 'audio files' : `${kind}s`

  const take = (files: File[]) => {
    field.files = files
    field.lost = undefined
    refuse(field, '')
  }
  const accept = (given: FileList | null | undefined) => {
    if (!given?.[0]) return
    const added = takesSeveral ? [...given] : [given[0]]
    take(takesSeveral ? [...files, ...added] : added)
    say(`${added.map(({ name }) => name).join(', ')} chosen`)
    change({ focus: `${id}-remove-${field.files.length - 1}` })
  }

  return (
    <>
      <input
        {...describe(field)}
        type="file"
        class="unseen"
        accept={kind === 'file' ? '' : `${kind}/*`}
        multiple={takesSeveral}
        hidden={isFull}
        onChange={({ currentTarget }) => {
          accept(currentTarget.files)
          // The same file can be chosen again.
          currentTarget.value = ''
        }}
      />
      <label
        class={isOver ? 'drop over' : 'drop'}
        for={id}
        hidden={isFull}
        onDragOver={(event) => {
          event.preventDefault()
          setOver(true)
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault()
          setOver(false)
          accept(event.dataTransfer?.files)
        }}
      >
        <span>
          <span class="unseen">{label}: </span>
          <strong>{takesSeveral ? `Choose ${kinds}` : `Choose ${article} ${kind}`}</strong>
        </span>
        <span>{takesSeveral ? 'or drop them here' : 'or drop it here'}</span>
      </label>
      <div class="column files" hidden={!files.length}>
        {files.map((file, index) => (
          <ChosenFile
            key={file}
            file={file}
            id={`${id}-remove-${index}`}
            onRemove={() => {
              take(files.filter((one) => one !== file))
              change({ focus: id })
            }}
          />
        ))}
      </div>
    </>
  )
}

function ChosenFile({ file, id, onRemove }: { file: File; id: string; onRemove: () => void }) {
  // At once, so that the row has its height when it gets the focus.
  const [preview] = useState(() => (file.type.startsWith('image/') ? URL.createObjectURL(file) : ''))
  const [isBroken, setBroken] = useState(false)
  useLayoutEffect(() => () => URL.revokeObjectURL(preview), [])
  return (
    <div class="chosen">
      {/* A file that is no image after all has no preview. */}
      {preview && !isBroken && <img src={preview} alt="" onError={() => setBroken(true)} />}
      <p>
        {file.name}
        <small>{`${sizeOf(file.size)} · ${file.type || 'unknown type'}`}</small>
      </p>
      <button type="button" id={id} aria-label={`Remove ${file.name}`} onClick={onRemove}>
        Remove
      </button>
    </div>
  )
}

const sizeOf = (bytes: number) =>
  bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} KB` : `${(bytes / 1e6).toFixed(1)} MB`
