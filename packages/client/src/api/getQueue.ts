import { request } from '../internal/request.ts'
import { asList, asText, containerName, mapItems } from '../internal/values.ts'
import type { Client, ContainerQueue, Envelope, QueueEntry, RequestOptions } from '../types.ts'

/**
 * Gets the queue of each container: the runs that it works on and those that wait. `container` is always set,
 * also on servers that call it `comfy_uri`.
 *
 * @throws {@link ArgumentError}, {@link NetworkError}, {@link TimeoutError}, {@link HttpError},
 * {@link RedirectError}, {@link ResponseError}
 *
 * @example
 * ```ts
 * const { data } = await getQueue(client)
 * for (const { container, queue } of data) console.log(container, queue.queue_pending.length, 'waiting')
 * ```
 */
export async function getQueue(
  client: Client,
  options: RequestOptions = {},
): Promise<Envelope<ContainerQueue[]>> {
  return request(client, 'comfy/queue', {
    options,
    parseData: (data) =>
      mapItems<ContainerQueue>(data, (item) => {
        const queue = Object(item.queue)
        return {
          ...(item.comfy_uri != null && { comfy_uri: asText(item.comfy_uri) }),
          container: containerName(item),
          queue: {
            ...queue,
            queue_running: entries(queue.queue_running),
            queue_pending: entries(queue.queue_pending),
          },
        }
      }),
  })
}

/** The entries of a queue. A server may send other items between them. */
const entries = (value: unknown) => asList(value).filter((entry) => asList(entry).length > 1) as QueueEntry[]
