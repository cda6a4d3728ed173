/** Whether a text that was sent is the secret, in a time that does not tell how much of it is right. */
export function sameText(sent: string, secret: string): boolean {
  let difference = sent.length ^ secret.length
  for (let i = 0; i < sent.length; i++) {
    difference |= sent.charCodeAt(i) ^ secret.charCodeAt(i % Math.max(1, secret.length))
  }
  return difference === 0
}
