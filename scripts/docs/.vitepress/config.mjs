import { readFileSync } from 'node:fs'
import { entriesFile, examples, menu, pageOf, readmes, titleOf } from '../pages.mjs'

const item = (file) => ({ text: titleOf(file), link: `/${pageOf(file)}` })
const sidebar = menu.map(([text, files]) => ({ text, items: files.map(item) }))
sidebar[0].items.unshift({ text: 'Start', link: '/' })

const collapsed = true
const entries = JSON.parse(readFileSync(entriesFile, 'utf8')).map((entry) => ({ ...entry, collapsed }))
const reference = readmes.map(item).map(({ text: name, link }) => {
  const items = entries.filter(({ text }) => `${text}/`.startsWith(`${name}/`))
  return { text: name, link, collapsed, items }
})
sidebar.find(({ text }) => text === 'Reference').items.push(...reference)
sidebar.push({ text: 'Examples', items: examples.map(item) })

/** Mends what axe finds in VitePress 1.6. */
function transform(code, id) {
  if (id.endsWith('VPNavBarSearchButton.vue')) return code.replace(/:aria-label="[^"]*"/, 'title="Search"')
  if (id.endsWith('VPLocalSearchBox.vue'))
    return code
      .replace(/role="button".*?aria-haspopup="listbox"/s, 'role="dialog" aria-modal="true"')
      .replace(/(:id="'localsearch-item[^>]*role="option")(.*?<a)/s, 'role="none"$2 $1')
      .replace(/:aria-label="\[\.\.\.p\.titles[^"]*"/, '')
      .replace('class="title-icon"', '$& aria-hidden="true"')
      .replaceAll('<kbd', '<kbd role="img"')
}

/** Functions and guides come before types and their properties. */
function boostDocument(id, term) {
  if (id.includes('/functions/')) return id.endsWith(`#${term}`) ? 6 : 1.5
  if (/^\/docs\/(guarantees|performance|how-it|migrating|gateway-many)|^\/[A-Z]/.test(id)) return 0.7
  if (id.startsWith('/docs/')) return id.startsWith(`/docs/${term}.`) ? 4 : 2
  return /^\/packages\/|client.index.classes/.test(id) ? 1 : 0.15
}

/** A page of the API is one result: a property is found on the page of its type. */
function _splitIntoSections(file, html) {
  if (!file.includes('/pages/api/')) return
  const [, anchor, title] = /<h1 id="([^"]+)"[^>]*>(.*?) <a/.exec(html)
  return [{ anchor, titles: [title], text: html.replaceAll(/<[^>]*>/g, '') }]
}

/** `createLogger` is found by `log`, too. */
const tokenize = (text) =>
  text.split(/[\s\p{P}]+/u).flatMap((word) => [...new Set([word, ...word.split(/(?<=[a-z])(?=[A-Z])/)])])

const fuzzy = (term) => (term.length > 4 ? 0.2 : false)
const searchOptions = { combineWith: 'AND', fuzzy, boostDocument }
const miniSearch = { options: { tokenize }, searchOptions, _splitIntoSections }
/** A page can name words that people search for in a comment. */
const _render = (text, env, md) => md.render(text.replace(/<!-- Search: (.*) -->/, '$1, $1, $1'), env)

export default {
  title: 'FlowScale for JavaScript',
  lang: 'en',
  srcDir: '.tmp/pages',
  outDir: '../../site',
  metaChunk: true,
  vite: { plugins: [{ name: 'accessible', enforce: 'pre', transform }] },
  markdown: {
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    languageAlias: { cjs: 'js', mjs: 'js' },
    // GitHub's anchors, because the pages are read there, too.
    anchor: {
      slugify: (text) => text.toLowerCase().replace(/( )|[^\w\p{L}-]/gu, (_, space) => (space ? '-' : '')),
    },
  },
  transformPageData: ({ relativePath: path }) => ({
    // The tables of the start page and of types have the room of "On this page".
    frontmatter: { pageClass: path.split('/')[0] + (/^index|interfaces|aliases/.test(path) ? ' wide' : '') },
  }),
  themeConfig: { sidebar, outline: [2, 3], search: { provider: 'local', options: { miniSearch, _render } } },
}
