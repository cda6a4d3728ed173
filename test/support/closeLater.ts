const open: { close(): unknown }[] = []

/** Closes it when `closeAll` is called, which a suite does after each case. */
export function closeLater<T extends { close(): unknown }>(it: T): T {
  open.push(it)
  return it
}

/** The newest first. */
export async function closeAll(): Promise<void> {
  for (const it of open.splice(0).reverse()) await it.close()
}
