export { fileInput } from './fileInput.ts'
