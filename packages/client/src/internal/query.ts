/** `endpoint` with a query of the values that are not `undefined`. */
export function withQuery(
  endpoint: string,
  query: Readonly<Record<string, string | number | undefined>>,
): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : `${name}=${encodeURIComponent(value)}`,
  )
  return [endpoint, pairs.join('&')].filter(Boolean).join('?')
}
