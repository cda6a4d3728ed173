import type { HttpError } from '@flowscale/client'

/** Whether ComfyUI itself has answered: a 404 without a body, or a 405 with the text of its server, aiohttp. */
export function isFromComfyui({ status, body, response }: HttpError): boolean {
  if (status === 405) return body === '405: Method Not Allowed'
  return (
    status === 404 &&
    (body ?? '') === '' &&
    response.headers.get('content-type') === 'application/octet-stream'
  )
}
