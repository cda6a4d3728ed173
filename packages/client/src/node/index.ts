export { fileInput } from './fileInput.ts'
export { FileError, type SavedOutput, saveOutput } from './saveOutput.ts'
