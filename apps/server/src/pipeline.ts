import type { IncomingMessage, ServerResponse } from 'node:http'
import { startJob } from './attempt/job.ts'
import { createClientView } from './egress/client-view.ts'
import { clientOutlet, type Outlet } from './egress/outlet.ts'
import type { Lead } from './flights/flights.ts'
import { type ClientRequest, type Endpoint, endpoints, readClientRequest } from './ingress/client-request.ts'
import type { Refusal } from './ingress/refusal.ts'
import type { CompiledConfig } from './state/compiled-config.ts'
import { featuresOfRequest, noFeatures } from './state/features.ts'
import type { House } from './state/house.ts'
import { sessionKey } from './state/sessions.ts'
import type { Wanted } from './state/targets.ts'

/**
 * The life of a request, on one screen. Each stage has a folder of its name.
 *
 *   ingress → flights: join one or lead one → plan → attempt loop → egress
 */
export async function handle(
  house: House,
  endpoint: Endpoint,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const id = house.newId('req')
  const receivedAtMs = house.clock.nowMs()
  const compiled = house.current()
  const limitBytes = compiled.config.settings.maxBodyBytes
  const request = await readClientRequest(incoming, { id, endpoint, tenant: 'default', receivedAtMs, limitBytes })
  if (!request.ok) return refuse(house, { id, endpoint }, response, request.error)
  house.flights.serve(compiled, request.value, response, (leading, outlet) => lead(house, compiled, leading, outlet))
}

/** Answers a request into an outlet, which one client reads or many. */
function lead(house: House, compiled: CompiledConfig, request: ClientRequest, outlet: Outlet): Lead {
  const { observer, clock, targets } = house
  const { dialect } = endpoints[request.endpoint]
  const view = createClientView(outlet, { dialect, requestId: request.id, nowMs: clock.nowMs })
  const { candidates, session } = targets.plan(compiled, wantedBy(request, compiled))
  const [first, ...others] = candidates
  if (first === undefined) {
    view.refuse(unknownModel(request, compiled))
    return { drained() {}, cancel() {} }
  }
  if (request.endpoint === 'count-tokens')
    return house.counting.answer({ compiled, request, candidates: [first, ...others], view, observer })
  observer.requestStarted(request)
  const run = startJob({
    house,
    compiled,
    request,
    candidates,
    session,
    view,
    over(state, attempts) {
      observer.requestDone({ request, state, candidates, attempts, shown: view.shown(), nowMs: clock.nowMs() })
    },
  })
  return { drained: () => run.drained(), cancel: () => run.clientGone() }
}

function wantedBy(request: ClientRequest, compiled: CompiledConfig): Wanted {
  const { id, model, forcedProvider = null } = request
  const features = compiled.hasConditions ? featuresOfRequest(request) : noFeatures
  return { request: id, model, forcedProvider, features, session: () => sessionKey(request) }
}

function refuse(
  house: House,
  { id, endpoint }: Pick<ClientRequest, 'id' | 'endpoint'>,
  response: ServerResponse,
  refusal: Refusal,
): void {
  const outlet = clientOutlet(response, { drained() {}, gone() {} })
  createClientView(outlet, { dialect: endpoints[endpoint].dialect, requestId: id, nowMs: house.clock.nowMs }).refuse(
    refusal,
  )
}

function unknownModel({ model, forcedProvider }: ClientRequest, { rules }: CompiledConfig): Refusal {
  const patterns = rules.map(({ pattern }) => pattern).join(', ')
  const message =
    forcedProvider === undefined
      ? `model: ${model} matches no route. Known patterns: ${patterns}.`
      : `provider: ${forcedProvider} is not a configured provider, or has no route for model ${model}.`
  return { status: 404, type: 'not_found_error', message }
}
