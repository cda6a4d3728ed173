import { badge, timeOf } from './badge.js'
import { drawBars } from './bars.js'
import { $, make, show } from './dom.js'
import { kindOf, renew } from './outputs.js'
import { page } from './page.js'
import { isDone, isEnded, wordOf } from './runState.js'
import { workflowOf } from './runWorkflow.js'
import { select } from './select.js'
import { titleOf } from './titleOf.js'

/** The card of each run in the list, kept so that focus stays where it is. */
const cards = new Map()
const step = 12
let shownRuns = step

/** Draws the runs that match the search, the latest first. */
export function drawRuns() {
  for (const id of cards.keys()) if (!page.runs.has(id)) cards.delete(id)
  const all = [...page.runs.values()].sort((a, b) => b.at - a.at)
  const wanted = all.filter(isWanted)
  const list = wanted.slice(0, shownRuns)
  $('more').hidden = wanted.length <= shownRuns
  $('filter').hidden = all.length < 2
  show($('no-runs'), all.length ? (wanted.length ? '' : 'No run matches.') : 'No runs yet.')
  list.forEach((run, place) => {
    const card = cardOf(run)
    if ($('list').children[place] !== card) $('list').insertBefore(card, $('list').children[place] ?? null)
  })
  while ($('list').children.length > list.length) $('list').lastChild.remove()
}

/** Whether the list shows a run. */
function isWanted(run) {
  const status = $('status').value
  const isOf = { going: !isEnded(run), completed: isDone(run), failed: isEnded(run) && !isDone(run) }
  const text = $('find').value.trim().toLowerCase()
  const words = [titleOf(run), workflowOf(run)?.name ?? '', run.id].join('\n').toLowerCase()
  return (!status || isOf[status]) && words.includes(text)
}

function cardOf(run) {
  let card = cards.get(run.id)
  if (!card) {
    const button = make('button', { type: 'button', className: 'run' })
    button.addEventListener('click', () => select(run.id))
    card = make('li', {}, button)
    cards.set(run.id, card)
  }
  const button = card.firstChild
  button.ariaCurrent = String(run.id === page.selected)
  const title = titleOf(run)
  const name = workflowOf(run)?.name
  const key = [wordOf(run), run.outputs.length, title, name, run.at].join()
  if (button.dataset.key === key) return card
  button.dataset.key = key
  const words = make(
    'span',
    { className: 'words' },
    make('span', { className: 'title', title: title.slice(0, 500) }, title),
    make('span', { className: 'status' }, badge(run), ' ', timeOf(run)),
    name && name !== title ? make('span', { className: 'of' }, name) : undefined,
  )
  button.replaceChildren(thumbOf(run), words)
  return card
}

function thumbOf(run) {
  const thumb = make('span', { className: 'thumb' })
  const picture = isDone(run) && run.outputs.find((output) => kindOf(output) === 'img')
  if (picture) {
    const image = make('img', { alt: '', loading: 'lazy', src: picture.download_url })
    image.addEventListener('error', () => renew(picture, image), { once: true })
    thumb.append(image)
  } else if (!isEnded(run)) thumb.dataset.run = run.id
  else
    thumb.textContent = isDone(run) ? (run.outputs[0]?.filename?.split('.').at(-1).toUpperCase() ?? '✓') : '—'
  return thumb
}

/** Starts the fields above the list, and the button below it. */
export function startHistory() {
  for (const id of ['find', 'status']) {
    $(id).addEventListener('input', () => {
      shownRuns = step
      drawRuns()
      drawBars()
    })
  }
  $('more').addEventListener('click', () => {
    const next = shownRuns
    shownRuns += step
    drawRuns()
    drawBars()
    $('list').children[next]?.firstChild.focus()
  })
}
