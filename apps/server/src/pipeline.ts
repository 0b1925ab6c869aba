import type { ServerResponse } from 'node:http'
import type { HttpBindings } from '@hono/node-server'
import { startJob } from './attempt/job.ts'
import { createClientView } from './egress/client-view.ts'
import { clientOutlet, type Outlet } from './egress/outlet.ts'
import type { Lead } from './flights/flights.ts'
import { type ClientRequest, type Endpoint, endpoints, readClientRequest } from './ingress/client-request.ts'
import type { Refusal } from './ingress/refusal.ts'
import type { Visit } from './ingress/route.ts'
import { knownPatterns, refusalForKey } from './keys/permission.ts'
import { featuresOfRequest, noFeatures } from './state/features.ts'
import type { House } from './state/house.ts'
import { sessionKey } from './state/sessions.ts'
import type { Wanted } from './state/targets.ts'

/**
 * The life of a request, on one screen. Each stage has a folder of its name.
 *
 *   ingress → keys: permission and limits → flights: join one or lead one → plan → attempt loop → egress
 */
export async function handle(
  house: House,
  endpoint: Endpoint,
  visit: Visit,
  { incoming, outgoing }: HttpBindings,
): Promise<void> {
  const { caller, compiled, lbKeys } = visit
  const id = house.newId('req')
  const receivedAtMs = house.clock.nowMs()
  const bounds = { limitBytes: compiled.config.settings.maxBodyBytes, paces: house.paces }
  const arrival = { id, endpoint, receivedAtMs, tenant: caller.tenant, lbKeys, ...bounds }
  const request = await readClientRequest(incoming, arrival)
  if (!request.ok) return refuse(house, arrival, outgoing, request.error)

  const wanted = wantedBy(request.value, visit)
  const refusal = refusalForKey(compiled, caller, wanted) ?? house.limits.enter(request.value, caller)
  if (refusal !== undefined) return refuse(house, arrival, outgoing, refusal)
  return house.flights.serve(compiled, request.value, outgoing, (leading, outlet) =>
    lead(house, visit, leading, outlet),
  )
}

/** Answers a request into an outlet, which one client reads or many. */
function lead(house: House, visit: Visit, request: ClientRequest, outlet: Outlet): Lead {
  const { compiled } = visit
  const { observer, clock, targets } = house
  const { dialect } = endpoints[request.endpoint]
  const view = createClientView(outlet, { dialect, requestId: request.id, nowMs: clock.nowMs })
  const { candidates, session } = targets.plan(compiled, wantedBy(request, visit))
  if (candidates.length === 0) {
    house.limits.leave(request)
    view.refuse(unknownModel(request, visit))
    return { drained() {}, cancel() {} }
  }
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

function wantedBy(request: ClientRequest, { compiled, caller }: Visit): Wanted {
  const { id, model, forcedProvider = null } = request
  const features = compiled.hasConditions ? featuresOfRequest(request) : noFeatures
  const { providers } = caller
  return { request: id, model, forcedProvider, features, session: () => sessionKey(request), providers }
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

function unknownModel({ model, forcedProvider }: ClientRequest, { caller, compiled }: Visit): Refusal {
  const patterns = knownPatterns(caller, compiled.rules)
  const message =
    forcedProvider === undefined
      ? `model: ${model} matches no route.${patterns.length === 0 ? '' : ` Known patterns: ${patterns.join(', ')}.`}`
      : `provider: ${forcedProvider} is not a configured provider, or has no route for model ${model}.`
  return { status: 404, type: 'not_found_error', message }
}
