const parts = []
let frame

/** Adds a function that draws a part of the page. */
export const onDraw = (part) => parts.push(part)

/** Draws at the next frame what has changed by then. */
export function draw() {
  if (frame) return
  frame = requestAnimationFrame(() => {
    frame = undefined
    for (const part of parts) part()
  })
}
