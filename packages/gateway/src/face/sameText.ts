/** Compares a text with a secret, in the same time wherever they differ. */
export function sameText(sent: string, secret: string): boolean {
  let difference = sent.length ^ secret.length
  for (let i = 0; i < sent.length; i++) {
    difference |= sent.charCodeAt(i) ^ secret.charCodeAt(i % Math.max(1, secret.length))
  }
  return difference === 0
}
