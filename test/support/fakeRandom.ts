/** `Math.random` gives `value`, until it is restored. */
export function fakeRandom(value: number): { restore(): void } {
  const { random } = Math
  Math.random = () => value
  return {
    restore() {
      Math.random = random
    },
  }
}
