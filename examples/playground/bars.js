import { page } from './page.js'

const percent = ({ progress }) => `${Math.round(progress * 100)} %`

/** Draws the numbers that change while the rest stays, so that focus and selection stay, too. */
export function drawBars() {
  for (const element of document.querySelectorAll('[data-run]')) {
    const run = page.runs.get(element.dataset.run)
    if (!run) continue
    const isWaiting = run.status === 'queued' || run.status === 'pending'
    if (element.matches('progress')) element.value = run.progress
    else element.textContent = isWaiting ? 'Queued' : percent(run)
    if (element.matches('.canvas progress')) {
      element.nextSibling.textContent = !isWaiting
        ? (run.nodes?.join(' → ') ?? 'Running')
        : run.ahead > 0
          ? `${run.ahead} ahead`
          : 'Next in line'
    }
  }
}
