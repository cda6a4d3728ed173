import type { Storage } from '@flowscale/gateway'

/** A storage in memory, whose items a test may look at. */
export function createStorage(): Storage & { readonly items: Map<string, string> } {
  const items = new Map<string, string>()
  return {
    items,
    getItem: async (key) => items.get(key) ?? null,
    setItem: async (key, value) => void items.set(key, value),
    removeItem: async (key) => void items.delete(key),
    getKeys: async (base = '') => [...items.keys()].filter((key) => key.startsWith(base)),
  }
}
