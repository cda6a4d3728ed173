// Node, Bun and Deno: `run.mjs BUNDLE JSON` runs a bundle and says what it gave.
const { Deno, process } = globalThis
const [bundle, given] = Deno?.args ?? process.argv.slice(2)
await import(bundle)
console.log(JSON.stringify(await globalThis.app(JSON.parse(given))))
