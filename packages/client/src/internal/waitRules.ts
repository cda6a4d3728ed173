import type { Rule } from './options.ts'

export const isPush: Rule = (value) =>
  typeof value?.watch === 'function' || 'a connection of connectWebSocket or connectEvents'
