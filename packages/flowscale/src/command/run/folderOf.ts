import { join, sep } from 'node:path'

/** The folder for the outputs of a run: of several each has its own, since runs may name their outputs alike. */
export function folderOf(folder: string, runId: string, isOne: boolean): string {
  // A folder that ends so is made where it is missing.
  return isOne ? folder : join(folder, runId.replace(/[^\w-]/g, '_').slice(0, 100)) + sep
}
