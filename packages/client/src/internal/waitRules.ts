import { isMs, type Rule } from './options.ts'

export const isPollInterval: Rule = (value) =>
  typeof value?.begin === 'function' ||
  isMs(value) === true ||
  'a number above 0 (ms) or a createPollHistory()'

export const isPush: Rule = (value) =>
  typeof value?.watch === 'function' || 'a connection of connectWebSocket or connectEvents'
