const parts = []
let frame

/** Adds a function that draws a part of the page. */
export const onDraw = (part) => parts.push(part)

/** Draws all changes at the next frame. */
export function draw() {
  if (frame) return
  frame = requestAnimationFrame(() => {
    frame = undefined
    for (const part of parts) part()
  })
}
