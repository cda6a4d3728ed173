// As workers/import.mjs, where the peers are found.
import { measureImport } from '../workers/measureImport.mjs'

await measureImport((specifier) => import(specifier))
