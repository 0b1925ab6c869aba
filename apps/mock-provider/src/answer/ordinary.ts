import { isJsonObject, member } from '@lb/protocol'
import type { Answer } from '../script/answer.ts'
import type { Setting } from './compose.ts'
import { modelEntry, modelList } from './models.ts'
import type { MockRequest } from './request.ts'
import { strictProblem } from './strict.ts'
import { tokensOfRequest } from './tokens.ts'

/** What an endpoint answers when no rule says otherwise. */
export function ordinaryAnswer(request: MockRequest, setting: Setting): Answer {
  const { endpoint } = request
  switch (endpoint.kind) {
    case 'generate':
      return refusal(request, setting) ?? {}
    case 'count-tokens': {
      const input_tokens = tokensOfRequest(request.json)
      const body =
        endpoint.dialect === 'anthropic' ? { input_tokens } : { object: 'response.input_tokens', input_tokens }
      return refusal(request, setting) ?? { body }
    }
    case 'models':
      return { body: modelList(setting.models, endpoint.dialect) }
    case 'model':
      return setting.models.includes(endpoint.id)
        ? { body: modelEntry(endpoint.id, endpoint.dialect) }
        : { error: { status: 404, message: `model: ${endpoint.id}` } }
    case 'root':
      return { body: { name: setting.name, what: 'a mock provider: no model is behind it', models: '/v1/models' } }
    case 'unknown':
      return { error: { status: 404, message: `${request.method} ${request.path} is not served here` } }
  }
}

/** Every API refuses a body that is no JSON object; the rest of what they refuse is checked where a script asks for it. */
function refusal(request: MockRequest, setting: Setting): Answer | undefined {
  if (!isJsonObject(request.json)) {
    return { error: { status: 400, message: 'The request body is not valid JSON: expected an object.' } }
  }
  if (member(request.json, 'model') === undefined) return { error: { status: 400, message: 'model: Field required' } }
  const problem = setting.strict ? strictProblem(request) : undefined
  return problem === undefined ? undefined : { error: problem }
}
