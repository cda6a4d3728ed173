export { type S3Options, s3Files } from './queue/s3Files.ts'
