import { isMs, type Rule } from '../internal/options.ts'
import { isPush } from '../internal/waitRules.ts'
import { isObject } from '../run.ts'
import { routes } from './routes.ts'
import type { ProxyOptions } from './types.ts'

const isList = (value: unknown, fits: (item: string) => boolean): boolean =>
  Array.isArray(value) && value.every((item) => typeof item === 'string' && fits(item))

const isOrigin = (text: string): boolean => URL.canParse(text) && new URL(text).origin === text

export const proxyRules: Record<keyof ProxyOptions, Rule> = {
  authorize: (value) => value === 'public' || typeof value === 'function' || "a function, or 'public'",
  allow: (value) => {
    const known = Object.keys(routes)
    if (!isObject(value) || !Object.keys(value).every((name) => /^(operations|workflowIds)$/.test(name))) {
      return 'an object with operations and workflowIds'
    }
    const { operations = [], workflowIds = [] } = value
    if (!isList(operations, (name) => known.includes(name)))
      return `an object whose operations are of ${known}`
    return isList(workflowIds, (id) => id !== '') || 'an object whose workflowIds are non-empty strings'
  },
  maxBodyBytes: (value) => (typeof value === 'number' && value > 0) || 'a number above 0 (bytes)',
  basePath: (value) =>
    (typeof value === 'string' && /^(\/[\w.~-]*[\w~-])*$/.test(value)) ||
    "'' or a path such as '/api/flowscale'",
  cors: (value) => isList(value, isOrigin) || "an array of origins such as 'https://app.example.com'",
  push: isPush,
  maxDurationMs: isMs,
}
