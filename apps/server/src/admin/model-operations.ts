import * as v from 'valibot'
import { type Endpoint, endpoints } from '../ingress/client-request.ts'
import type { Operation, Replies } from './api-route.ts'
import { errorSchema } from './problem.ts'

const modelMember = v.pipe(v.string(), v.description('Decides the route; replaced where the route maps it'))

/** lb reads what it needs for routing and passes everything else on as it came. */
const common = {
  model: modelMember,
  messages: v.array(v.looseObject({ role: v.string() })),
  stream: v.exactOptional(v.boolean()),
  provider: v.exactOptional(
    v.pipe(v.string(), v.description('lb’s own: only this provider may answer. Taken out before the request goes on')),
  ),
}

const messageRequest = v.pipe(v.looseObject(common), v.title('MessageRequest'))
const chatRequest = v.pipe(v.looseObject(common), v.title('ChatRequest'))
const countRequest = v.pipe(
  v.looseObject({ model: modelMember, messages: common.messages }),
  v.title('CountTokensRequest'),
)
const countAnswer = v.pipe(v.object({ input_tokens: v.pipe(v.number(), v.integer()) }), v.title('TokenCount'))

const chatErrorSchema = v.pipe(
  v.object({
    error: v.object({
      message: v.string(),
      type: v.string(),
      param: v.nullable(v.string()),
      code: v.nullable(v.string()),
    }),
  }),
  v.title('ChatError'),
)

/** In the shape of the API that the client speaks. */
function refusals(schema: v.GenericSchema): Replies {
  return {
    400: { description: 'The request is wrong, in the eyes of lb or of the upstream.', schema },
    404: { description: 'No route matches the model.', schema },
    429: { description: 'Every upstream is rate limited; `retry-after` is honest.', schema },
    503: { description: 'No upstream is usable; `retry-after` says when to come back, if it is known.', schema },
  }
}

const answer = { description: 'The model’s answer.', schema: v.looseObject({}), stream: true } as const

type Described = Omit<Operation, 'method' | 'path' | 'access' | 'group'>

const described: Readonly<Record<Endpoint, Described>> = {
  messages: {
    id: 'createMessage',
    summary: 'Ask a model, in the shape of the Anthropic Messages API',
    description:
      'Failover, affinity and conversion happen on the way. The answer is the upstream’s, in the same shape.',
    body: messageRequest,
    replies: { 200: answer, ...refusals(errorSchema) },
  },
  'count-tokens': {
    id: 'countTokens',
    summary: 'Count the input tokens of a request',
    body: countRequest,
    replies: { 200: { description: 'The count.', schema: countAnswer }, ...refusals(errorSchema) },
  },
  chat: {
    id: 'createChatCompletion',
    summary: 'Ask a model, in the shape of the OpenAI Chat Completions API',
    body: chatRequest,
    replies: { 200: answer, ...refusals(chatErrorSchema) },
  },
}

/** The operations that lead to a model. They are answered by the pipeline; here is only what the document says of them. */
export const modelOperations: readonly Operation[] = Object.entries(endpoints).map(([endpoint, { path }]) => ({
  method: 'POST',
  path,
  access: 'client',
  group: 'Models',
  ...described[endpoint as Endpoint],
}))
