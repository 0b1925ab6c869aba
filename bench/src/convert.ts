/**
 * Is the time of a conversion proportional to its size? Converts requests and streams of size n, 2n and 4n, and prints the
 * milliseconds, and the time per unit of size against that of the smallest: about 1 if it is.
 *
 *   pnpm --filter @lb/bench convert [--only calls] [--write]     --write puts the table into docs/performance.md
 */
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import {
  convertAnthropicRequestToChat,
  convertAnthropicRequestToResponses,
  convertChatRequestToAnthropic,
  convertChatResponseToAnthropic,
  createAnthropicToChatByteStream,
  createChatToAnthropicByteStream,
  createResponsesToAnthropicByteStream,
  namedAnthropicProfiles,
  namedProfiles,
  sanitizeAnthropicRequest,
} from '@lb/convert'
import { anthropicRequestKeep, chatRequestKeep } from '@lb/protocol'
import {
  accepted,
  anthropicRequest,
  blockDelta,
  type Case,
  type Converter,
  callDelta,
  callsInOneTurn,
  chatAnswer,
  chatChunk,
  chatContext,
  chatRequest,
  clientContext,
  messageEnd,
  messageStart,
  must,
  options,
  parsed,
  repeat,
  requestCase,
  streamCase,
} from './convert-inputs.ts'
import { writeSection } from './page.ts'

const ROUNDS = 3
const toAnthropic = (): Converter => createChatToAnthropicByteStream(chatContext())

const cases: readonly Case[] = [
  requestCase('request Anthropic → Chat', anthropicRequest, (text) =>
    accepted(
      convertAnthropicRequestToChat(
        parsed(text, anthropicRequestKeep),
        must(namedProfiles['openai-compatible']),
        options,
      ),
    ),
  ),
  requestCase('request Anthropic → Chat, foreign ids', anthropicRequest, (text) =>
    accepted(
      convertAnthropicRequestToChat(parsed(text, anthropicRequestKeep), must(namedProfiles['mistral']), options),
    ),
  ),
  requestCase('request Anthropic → Responses', anthropicRequest, (text) =>
    accepted(
      convertAnthropicRequestToResponses(
        parsed(text, anthropicRequestKeep),
        must(namedProfiles['openai-responses']),
        options,
      ),
    ),
  ),
  requestCase('request Chat → Anthropic', chatRequest, (text) =>
    accepted(
      convertChatRequestToAnthropic(parsed(text, chatRequestKeep), must(namedAnthropicProfiles['anthropic']), options),
    ),
  ),
  requestCase('request Anthropic → Anthropic', anthropicRequest, (text) =>
    accepted(
      sanitizeAnthropicRequest(parsed(text, anthropicRequestKeep), must(namedAnthropicProfiles['bedrock']), options),
    ),
  ),
  requestCase('request Anthropic → Chat, one turn of calls', callsInOneTurn, (text) =>
    accepted(
      convertAnthropicRequestToChat(parsed(text, anthropicRequestKeep), must(namedProfiles['mistral']), options),
    ),
  ),
  requestCase(
    'answer Chat → Anthropic, calls',
    (bytes) => JSON.stringify(chatAnswer(bytes / 100)),
    (text) => accepted(convertChatResponseToAnthropic(JSON.parse(text), chatContext())),
  ),
  streamCase(
    'stream Chat → Anthropic, text',
    (count) => [...repeat(count, () => chatChunk({ content: 'word ' })), chatChunk({}, 'stop')],
    toAnthropic,
  ),
  streamCase(
    'stream Chat → Anthropic, reasoning',
    (count) => [...repeat(count, () => chatChunk({ reasoning_content: 'word ' })), chatChunk({}, 'stop')],
    toAnthropic,
  ),
  streamCase(
    'stream Chat → Anthropic, one long call',
    (count) => [
      callDelta('{"a":"'),
      ...repeat(count, () => callDelta('text ')),
      callDelta('"}'),
      chatChunk({}, 'tool_calls'),
    ],
    toAnthropic,
  ),
  streamCase(
    'stream Chat → Anthropic, two calls interleaved',
    (count) => [
      ...[0, 1].map((index) => callDelta('{"a":"', index)),
      ...repeat(count, (index) => callDelta('text ', index % 2)),
      ...[0, 1].map((index) => callDelta('"}', index)),
      chatChunk({}, 'tool_calls'),
    ],
    toAnthropic,
  ),
  streamCase(
    'stream Chat → Anthropic, many calls',
    (count) => [...repeat(count, (index) => callDelta('{}', index)), chatChunk({}, 'tool_calls')],
    toAnthropic,
  ),
  streamCase(
    'stream Chat → Anthropic, a stop sequence looked for',
    (count) => [...repeat(count, () => chatChunk({ content: 'word aab ' })), chatChunk({}, 'stop')],
    () => createChatToAnthropicByteStream({ ...chatContext(), emulateStop: true, stopSequences: ['aaab', 'wo!'] }),
  ),
  streamCase(
    'stream Responses → Anthropic, many calls',
    (count) => [
      ...repeat(count, (index) => ({
        type: 'response.output_item.done',
        output_index: index,
        item: { type: 'function_call', call_id: `c${index}`, name: 'A', arguments: '{}' },
      })),
      { type: 'response.completed', response: { id: 'r', status: 'completed', output: [] } },
    ],
    () => createResponsesToAnthropicByteStream(chatContext()),
  ),
  streamCase(
    'stream Responses → Anthropic, text',
    (count) => [
      { type: 'response.created', response: { id: 'r' } },
      {
        type: 'response.output_item.added',
        output_index: 0,
        item: { type: 'message', id: 'm', role: 'assistant', content: [] },
      },
      ...repeat(count, () => ({
        type: 'response.output_text.delta',
        output_index: 0,
        content_index: 0,
        delta: 'word ',
      })),
      { type: 'response.completed', response: { id: 'r', status: 'completed', output: [] } },
    ],
    () => createResponsesToAnthropicByteStream(chatContext()),
  ),
  streamCase(
    'stream Anthropic → Chat, text',
    (count) => [
      messageStart,
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      ...repeat(count, () => blockDelta({ type: 'text_delta', text: 'word ' })),
      ...messageEnd,
    ],
    () => createAnthropicToChatByteStream(clientContext),
  ),
  streamCase(
    'stream Anthropic → Chat, one long call',
    (count) => [
      messageStart,
      { type: 'content_block_start', index: 0, content_block: { type: 'tool_use', id: 't', name: 'A', input: {} } },
      ...repeat(count, () => blockDelta({ type: 'input_json_delta', partial_json: 'text ' })),
      ...messageEnd,
    ],
    () => createAnthropicToChatByteStream(clientContext),
  ),
]

/** CPU time, because the machine may have other work; the best of some rounds, because disturbances only ever add. */
function best(run: () => void): number {
  const times = Array.from({ length: ROUNDS }, () => {
    const before = process.cpuUsage().user
    run()
    return (process.cpuUsage().user - before) / 1000
  })
  return Math.min(...times)
}

/** A quarter, a half and all of the size: milliseconds, and the time per unit of size against that of the quarter. */
function measured({ name, size, prepare }: Case): string {
  best(prepare(size / 4)) // compiles
  const times = [size / 4, size / 2, size].map((one) => best(prepare(one)))
  const growth = times.map((ms, index) => (ms / 2 ** index / (times[0] ?? 1)).toFixed(2))
  const cells = [name, ...times.map((ms) => ms.toFixed(0)), ...growth.slice(1)]
  console.log(cells.join('  '))
  return `| ${cells.join(' | ')} |`
}

const { values } = parseArgs({ options: { only: { type: 'string' }, write: { type: 'boolean', default: false } } })
const rows = cases.filter(({ name }) => name.includes(values.only ?? '')).map(measured)
if (values.write) {
  const table = [
    `Node ${process.version}, ${cpus()[0]?.model.trim()}; the best of ${ROUNDS} rounds, milliseconds of CPU.`,
    '',
    '| conversion | ¼ | ½ | all | per unit at ½ | per unit at all |',
    '|---|---|---|---|---|---|',
    ...rows,
  ].join('\n')
  writeSection('convert', table)
}
