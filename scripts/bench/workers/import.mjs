// How long an import takes here, and how many files it reads: `import.mjs SPECIFIER [count]`.
import { measureImport } from './measureImport.mjs'

await measureImport((specifier) => import(specifier))
