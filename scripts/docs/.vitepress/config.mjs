import { readFileSync } from 'node:fs'
import { entriesFile, examples, menu, pageOf, readmes, titleOf } from '../pages.mjs'

const item = (file) => ({ text: titleOf(file), link: `/${pageOf(file)}` })
const sidebar = menu.map(([text, files]) => ({ text, items: files.map(item) }))
sidebar[0].items.unshift({ text: 'Overview', link: '/readme' })

const collapsed = true
const entries = JSON.parse(readFileSync(entriesFile, 'utf8')).map((entry) => ({ ...entry, collapsed }))
const reference = readmes.map(item).map(({ text: name, link }) => {
  const items = entries.filter(({ text }) => `${text}/`.startsWith(`${name}/`))
  return { text: name, link, collapsed, items }
})
sidebar.find(({ text }) => text === 'Reference').items.push(...reference)
sidebar.push({ text: 'Examples', items: examples.map(item) })

/** Mends what axe finds in VitePress 1.6, and what a reader sees while the search loads: nothing. */
function transform(code, id) {
  if (id.endsWith('VPNavBarSearchButton.vue')) return code.replace(/:aria-label="[^"]*"/, 'title="Search"')
  if (id.endsWith('VPHome.vue')) return code.replace('class="VPHome"', '$& role="main"')
  if (id.endsWith('VPLocalSearchBox.vue'))
    return code
      .replace(/role="button".*?aria-haspopup="listbox"/s, 'role="dialog" aria-modal="true"')
      .replace(/(:id="'localsearch-item[^>]*role="option")(.*?<a)/s, 'role="none"$2 $1')
      .replace(/:aria-label="\[\.\.\.p\.titles[^"]*"/, '')
      .replace('class="title-icon"', '$& aria-hidden="true"')
      .replaceAll('<kbd', '<kbd role="img"')
      .replace(/(?=<ul\s+ref="resultsEl")/, '<p v-if="!searchIndex" role="status">Loading…</p>')
}

/** Functions and guides come before types and their properties. */
function boostDocument(id, term) {
  if (id.includes('/functions/')) return id.endsWith(`#${term}`) ? 6 : 1.5
  // What one searches for by these words is on a page of another name.
  const known = /without-client\S* (python|php|curl)$|gateway-many\S* redis$|docs.running\S* abort$/
  if (known.test(`${id} ${term}`)) return 30
  if (/^\/docs\/(guarantees|performance|how-it|gateway-many)|^\/[A-Z]/.test(id)) return 0.7
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
const _render = (text, env, md) => md.render(text.replace(/<!-- Search: (.*) -->/g, '$1, $1, $1'), env)
const { version } = JSON.parse(readFileSync('packages/client/package.json', 'utf8'))

export default {
  title: 'FlowScale for JavaScript',
  lang: 'en',
  srcDir: '.tmp/pages',
  outDir: '../../site',
  metaChunk: true,
  head: [['link', { rel: 'icon', href: '/logo.svg' }]],
  // The search's index is a chunk of its own.
  vite: {
    plugins: [{ name: 'accessible', enforce: 'pre', transform }],
    build: { chunkSizeWarningLimit: 10_000 },
  },
  markdown: {
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    languageAlias: { cjs: 'js', mjs: 'js' },
    // GitHub's anchors, because the pages are read there, too.
    anchor: {
      slugify: (text) => text.toLowerCase().replace(/( )|[^\w\p{L}-]/gu, (_, space) => (space ? '-' : '')),
    },
  },
  transformPageData: ({ relativePath: path, frontmatter }) => ({
    // The tables of the README and of types have the room of "On this page".
    frontmatter: {
      ...frontmatter,
      pageClass: path.split('/')[0] + (/^readme|interfaces|aliases/.test(path) ? ' wide' : ''),
      // A type is not in the menu, so no page is next to it.
      ...(/interfaces|aliases/.test(path) && { prev: false, next: false }),
    },
  }),
  themeConfig: {
    logo: '/logo.svg',
    nav: [
      { text: 'Guides', link: '/readme' },
      { text: 'Functions', link: '/docs/functions' },
      { text: version, link: '/CHANGELOG' },
    ],
    sidebar,
    outline: [2, 3],
    search: { provider: 'local', options: { miniSearch, _render } },
  },
}
