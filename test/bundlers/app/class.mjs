import { FlowscaleAPI } from 'flowscale'

globalThis.app = async ({ options, workflow, inputs, waits }) => {
  const flowscale = new FlowscaleAPI(options)
  const { data } = await flowscale.executeWorkflowAsync(workflow, inputs, '', waits.pollIntervalMs)
  return [(await flowscale.checkHealth()).data.length, !!data.download_url]
}
