import { parseJson } from '@lb/protocol'
import { featuresOf, type RequestFeatures } from '@lb/router'
import { emptyCalibration, estimateTokens } from '@lb/tokens'
import type { ClientRequest } from '../ingress/client-request.ts'

/** What is said of a request when no route asks. */
export const noFeatures: RequestFeatures = {
  tokens: 0,
  thinking: false,
  images: false,
  webSearch: false,
  tools: false,
  background: false,
}

/**
 * What a request asks for. Looks into the whole body: only asked where a route has conditions.
 *
 * Its tokens are an estimate for the model by the client's name: which provider will count them is not decided yet.
 */
export function featuresOfRequest({ body, headers, model }: ClientRequest): RequestFeatures {
  const json = parseJson(body.toString('utf8'))
  if (!json.ok) return noFeatures
  const { inputTokens } = estimateTokens(json.value, { provider: '', model }, emptyCalibration)
  return featuresOf(json.value, inputTokens, headers)
}
