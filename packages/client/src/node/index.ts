export { FileError } from './FileError.ts'
export { fileInput } from './fileInput.ts'
export { type SavedOutput, saveOutput } from './saveOutput.ts'
