import type { Problem } from '../../engineErrors.ts'

export type SortBy = 'created_at' | 'started_at' | 'completed_at'

export interface Paging {
  sortBy: SortBy
  sortOrder: 'asc' | 'desc'
  page: number
  pageSize: number
}

const SORT_BY: readonly SortBy[] = ['created_at', 'started_at', 'completed_at']
const SORT_ORDER: readonly Paging['sortOrder'][] = ['asc', 'desc']

/** The query of getRuns in the `python` dialect, or everything that is wrong with it. */
export function readPaging(query: URLSearchParams): Paging | { problems: Problem[] } {
  const problems: Problem[] = []

  function choice<T extends string>(name: string, known: readonly T[], fallback: T): T {
    const given = query.get(name)
    if (given === null) return fallback
    const found = known.find((word) => word === given)
    if (found) return found
    const list = known.map((word) => `'${word}'`).join(' or ')
    problems.push({ loc: ['query', name], msg: `Input should be ${list}`, type: 'literal_error' })
    return fallback
  }

  function whole(name: string, fallback: number, most: number): number {
    const given = query.get(name)
    if (given === null) return fallback
    const add = (msg: string, type: string): void => void problems.push({ loc: ['query', name], msg, type })
    const value = Number(given)
    if (!/^[+-]?\d+$/.test(given)) add('Input should be a valid integer', 'int_parsing')
    else if (value < 1) add('Input should be greater than or equal to 1', 'greater_than_equal')
    else if (value > most) add(`Input should be less than or equal to ${most}`, 'less_than_equal')
    return value
  }

  const paging: Paging = {
    sortBy: choice('sort_by', SORT_BY, 'created_at'),
    sortOrder: choice('sort_order', SORT_ORDER, 'desc'),
    page: whole('page', 1, Number.MAX_SAFE_INTEGER),
    pageSize: whole('page_size', 10, 100),
  }
  return problems.length > 0 ? { problems } : paging
}
