import { parseJson } from '@lb/protocol'
import { featuresOf, type RequestFeatures } from '@lb/router'
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

/** Prose and code in UTF-8, with the JSON around them, come to about this many bytes a token. */
const BYTES_PER_TOKEN = 4

/** What a request asks for. Looks into the whole body: only asked where a route has conditions. */
export function featuresOfRequest(request: ClientRequest): RequestFeatures {
  const json = parseJson(request.body.toString('utf8'))
  const tokens = Math.ceil(request.body.length / BYTES_PER_TOKEN)
  return json.ok ? featuresOf(json.value, tokens, request.headers) : { ...noFeatures, tokens }
}
