import { request } from '../internal/request.ts'
import { asText, containerName, mapItems } from '../internal/values.ts'
import type { Client, ContainerHealth, Envelope, RequestOptions } from '../types.ts'

/**
 * Gets the state of each container of the pod. `container` is always set, also on servers that call it `url`.
 *
 * @throws {@link ArgumentError}, {@link NetworkError}, {@link TimeoutError}, {@link HttpError},
 * {@link RedirectError}, {@link ResponseError}
 *
 * @example
 * ```ts
 * const { data } = await checkHealth(client)
 * for (const { container, status } of data) console.log(container, status)
 * ```
 */
export async function checkHealth(
  client: Client,
  options: RequestOptions = {},
): Promise<Envelope<ContainerHealth[]>> {
  return request(client, 'comfy/health', {
    options,
    parseData: (data) =>
      mapItems<ContainerHealth>(data, (item) => ({
        ...(item.url != null && { url: asText(item.url) }),
        container: containerName(item),
        status: asText(item.status),
      })),
  })
}
