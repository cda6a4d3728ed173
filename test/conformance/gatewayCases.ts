// The cases of the client that a gateway can be put to.
import { cases } from './cases.ts'
import type { Case, Dialect, Lab, Need } from './types.ts'

export type Transport = 'HTTP' | 'gateway.fetch'

const LACKS: Partial<Record<Need, string>> = {
  lab: 'they are about servers that answer by a script or with faults',
  keys: 'without a queue, no key is kept',
  arrays: 'ComfyUI has no input that takes several texts',
}

/** The cases for a dialect and a transport. */
export function casesFor(transport: Transport, dialect: Dialect): readonly Case[] {
  return cases.filter(
    ({ dialects, needs = [] }) =>
      (!dialects || dialects.includes(dialect)) &&
      !needs.some((need) => LACKS[need] ?? (need === 'HTTP' && transport === 'gateway.fetch')),
  )
}

/** The cases that are left out everywhere, by the reason: some lines. */
export function leftOut(): string[] {
  return Object.entries(LACKS).flatMap(([lack, reason]) => {
    const left = cases.filter(({ needs = [] }) => needs.some((need) => need === lack))
    return [
      `${left.length} left out: ${reason}`,
      ...left.map(({ operation, name }) => `  ${operation}: ${name}`),
    ]
  })
}

/** For cases that need none. */
export const noLab: Lab = {
  script: () => Promise.reject(new Error('there are no scripted servers')),
  emulator: () => Promise.reject(new Error('there is no emulator')),
  closed: () => Promise.reject(new Error('there are no other servers')),
}
