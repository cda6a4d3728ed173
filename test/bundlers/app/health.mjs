import { checkHealth, createClient } from '@flowscale/client'

globalThis.app = async ({ options }) => (await checkHealth(createClient(options))).data.length
