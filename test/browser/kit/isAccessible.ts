import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'
import { assert } from '#test'

export const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core'), 'utf8')

/** Fails where axe finds something in the page as it stands. */
export async function isAccessible(page: Page, when: string): Promise<void> {
  await page.evaluate(axe)
  const found = await page.evaluate(async () => {
    const { violations } = await (window as any).axe.run()
    return violations.map(
      ({ id, nodes }: any) => `${id}: ${nodes.map(({ html }: any) => html.slice(0, 300)).join(' | ')}`,
    )
  })
  assert.equal(found, [], when)
}
