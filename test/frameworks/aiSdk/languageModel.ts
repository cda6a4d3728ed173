// In place of the AI Gateway: a language model that calls the tool `paint` once, and then says what the tool gave.
const usage = { inputTokens: { total: 1 }, outputTokens: { total: 1 } }
const paint = {
  type: 'tool-call',
  toolCallId: '1',
  toolName: 'paint',
  input: '{"prompt":"a lighthouse at dusk"}',
}

async function doGenerate({ prompt }: { prompt: { role: string; content: any }[] }) {
  const { role, content } = prompt.at(-1)!
  if (role !== 'tool')
    return { content: [paint], finishReason: { unified: 'tool-calls' }, usage, warnings: [] }
  const text = JSON.stringify(content[0].output.value)
  return { content: [{ type: 'text', text }], finishReason: { unified: 'stop' }, usage, warnings: [] }
}

Object.assign(globalThis, {
  AI_SDK_DEFAULT_PROVIDER: {
    specificationVersion: 'v3',
    languageModel: (modelId: string) => ({
      ...{ specificationVersion: 'v3', provider: 'test', modelId, supportedUrls: {}, doGenerate },
    }),
  },
})
