/** The element of an id. */
export const $ = (id) => document.getElementById(id)

/** An element with its properties and children; `undefined` is no child. */
export function make(tag, props, ...children) {
  const element = Object.assign(document.createElement(tag), props)
  element.append(...children.filter((child) => child !== undefined))
  return element
}

/** Shows a text, or hides the element where there is none. */
export function show(element, text) {
  element.textContent = text
  element.hidden = !text
}

/** Lets a screen reader say a text. */
export function say(text) {
  $('announcer').textContent = text
}
