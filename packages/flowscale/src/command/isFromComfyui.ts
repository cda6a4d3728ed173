import type { HttpError } from '@flowscale/client'

/** Whether ComfyUI itself has answered: with nothing to a path that it does not have, or in the words of aiohttp. */
export function isFromComfyui({ status, body, response }: HttpError): boolean {
  if (status === 405) return body === '405: Method Not Allowed'
  return (
    status === 404 &&
    (body ?? '') === '' &&
    response.headers.get('content-type') === 'application/octet-stream'
  )
}
