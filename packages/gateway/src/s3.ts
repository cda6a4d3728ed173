// The entry `@flowscale/gateway/s3`.
export { type S3Options, s3Files } from './files/s3Files.ts'
