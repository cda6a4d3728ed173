import type { WorkflowDefinition } from '../types.ts'

export const alwaysFails: WorkflowDefinition = {
  id: 'fa1lsa1ways0',
  name: 'Always Fails',
  description: 'Fails after half a second, with the message you send',
  inputs: { message: { kind: 'string', required: false } },
  outputs: { image_output: 'image' },
  async run(inputs, context) {
    await context.sleep(500)
    throw new Error(String(inputs.message || 'This workflow always fails'))
  },
}
