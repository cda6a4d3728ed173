// What a bundle asks of the place it runs in, told from its syntax.
import { parse } from 'acorn'

const nodeOnly = ['require', 'process', 'Buffer', '__dirname', '__filename', 'setImmediate', 'global']

/**
 * `imports`: what it loads from outside by name; `lazy`: imports of a name that only the run knows; `nodeNames`:
 * globals of Node's that it names, as code for Node and polyfills do.
 *
 * @param {string} code
 */
export function inspect(code) {
  const imports = []
  const nodeNames = new Set()
  let lazy = 0
  const visit = (node, parent, key) => {
    if (!node || typeof node !== 'object') return
    if (Array.isArray(node)) {
      for (const child of node) visit(child, parent, key)
      return
    }
    if (typeof node.type !== 'string') return
    const { type, source, callee } = node
    if (/^(Import|Export\w+)Declaration$/.test(type) && source) imports.push(source.value)
    if (type === 'ImportExpression') {
      if (source.type === 'Literal') imports.push(source.value)
      else lazy++
    }
    if (type === 'CallExpression' && callee.type === 'Identifier' && callee.name === 'require') {
      imports.push(node.arguments[0]?.value ?? '(a require)')
    }
    const isName = (key === 'property' || key === 'key') && !parent.computed
    if (type === 'Identifier' && !isName && nodeOnly.includes(node.name)) nodeNames.add(node.name)
    for (const [name, child] of Object.entries(node)) visit(child, node, name)
  }
  visit(parse(code, { ecmaVersion: 'latest', sourceType: 'module' }))
  return { imports, lazy, nodeNames: [...nodeNames] }
}
