import type { HttpBindings } from '@hono/node-server'
import { type LoggedEvent, matchRules } from '@lb/router'
import { startJob, timeoutOf } from './attempt/job.ts'
import { createClientView } from './egress/client-view.ts'
import { clientOutlet, type Outlet } from './egress/outlet.ts'
import type { Lead } from './flights/lead.ts'
import { type ClientRequest, type Endpoint, endpoints, readClientRequest } from './ingress/client-request.ts'
import { invalidRequest, type Refusal } from './ingress/refusal.ts'
import type { Visit } from './ingress/route.ts'
import { estimatedTokens } from './keys/counted-tokens.ts'
import { knownPatterns, refusalForKey } from './keys/permission.ts'
import type { CompiledConfig } from './state/compiled-config.ts'
import { featuresOfRequest, noFeatures } from './state/features.ts'
import type { House } from './state/house.ts'
import type { Wanted } from './state/planner.ts'
import { sessionKey } from './state/sessions.ts'

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
  const { nowMs } = house.clock
  const refuse = (refusal: Refusal): void => {
    house.observer.requestRefused({ id, endpoint, refusal })
    const outlet = clientOutlet(outgoing, { drained() {}, gone() {} })
    createClientView(outlet, { dialect: endpoints[endpoint].dialect, requestId: id, nowMs }).refuse(refusal)
  }

  if (house.isOverloaded()) return refuse(tooBusy)
  const bounds = { limitBytes: compiled.config.settings.maxBodyBytes, paces: house.paces, bursts: house.bursts }
  const from = { id, endpoint, receivedAtMs: nowMs(), nowMs, tenant: caller.tenant, lbKeys, ...bounds }
  const read = await readClientRequest(incoming, from)
  if (!read.ok) return refuse(read.error)
  const request = read.value

  const wanted = wantedBy(request, visit)
  const refusal =
    refusalForKey(compiled, caller, wanted) ??
    (house.targets.knows(compiled, wanted) ? undefined : unknownModel(request, visit)) ??
    house.limits.enter(request, caller)
  if (refusal !== undefined) return refuse(refusal)
  // Whoever takes off does so with the request that came just now, and what it wants is known.
  const start = (leading: ClientRequest, outlet: Outlet): Lead => lead(house, visit, wanted, leading, outlet)
  return house.flights.serve(compiled, request, outgoing, start)
}

/** Answers a request into an outlet, which one client reads or many. */
function lead(house: House, visit: Visit, wanted: Wanted, request: ClientRequest, outlet: Outlet): Lead {
  const { observer, clock, targets, running } = house
  const { compiled } = visit
  const { dialect } = endpoints[request.endpoint]
  const view = createClientView(outlet, { dialect, requestId: request.id, nowMs: clock.nowMs })
  const { candidates, session } = targets.plan(compiled, wanted)
  const [first, ...others] = candidates
  if (first === undefined) throw new Error('the configuration of this request knows nobody for it any more')
  const features = compiled.hasConditions ? wanted.features : null
  house.enter(compiled)
  if (request.endpoint === 'count-tokens') {
    const over = (): void => house.leave(compiled)
    const asked = { compiled, request, candidates: [first, ...others], session, features } as const
    return house.counting.answer({ ...asked, view, observer, over })
  }
  const log: LoggedEvent[] | null = compiled.config.settings.decisionRecords.enabled ? [] : null
  observer.requestStarted(request)
  const run = startJob({
    house,
    compiled,
    request,
    candidates,
    session,
    view,
    log,
    replan: (now) => targets.plan(now, wantedBy(request, visitBy(visit, now))),
    over(state, attempts, policy, { candidates }) {
      house.leave(compiled)
      running.delete(request.id)
      const nowMs = clock.nowMs()
      const told = { request, state, candidates, attempts, shown: view.shown(), nowMs, features, policy, log }
      observer.requestDone(told)
    },
  })
  // Over before it is known here: nobody could be asked.
  if (!run.isOver) running.set(request.id, run)
  return {
    drained: () => run.drained(),
    joined: (other) => run.joined(timeoutOf(compiled, other)),
    cancel: () => run.clientGone(),
    life: () => compiled.lifeAt(run.asked()),
  }
}

function wantedBy(request: ClientRequest, { compiled, caller: { providers } }: Visit): Wanted {
  const { id, model, forcedProvider = null, body } = request
  const tokens = estimatedTokens(body)
  const features = compiled.hasConditions ? featuresOfRequest(request) : noFeatures
  return { request: id, model, forcedProvider, features, tokens, session: () => sessionKey(request), providers }
}

/** As if it had come now; what it may ask for was settled at the door. */
function visitBy(visit: Visit, compiled: CompiledConfig): Visit {
  const { providers } = visit.caller
  if (providers === undefined) return { ...visit, compiled }
  const names = new Set(providers.map(({ name }) => name))
  const theirs = compiled.routeProviders.filter(({ name }) => names.has(name))
  return { ...visit, compiled, caller: { ...visit.caller, providers: theirs } }
}

function unknownModel({ model, forcedProvider = null }: ClientRequest, { caller, compiled }: Visit): Refusal {
  if (forcedProvider === null && compiled.hasConditions && matchRules(compiled.rules, model).length > 0)
    return invalidRequest(`model: ${model} has routes, but by their conditions none is for a request like this one.`)
  const patterns = knownPatterns(caller, compiled.rules)
  const message =
    forcedProvider === null
      ? `model: ${model} matches no route.${patterns.length === 0 ? '' : ` Known patterns: ${patterns.join(', ')}.`}`
      : `provider: ${forcedProvider} is not a configured provider, or has no route for model ${model}.`
  return { status: 404, type: 'not_found_error', message }
}

/** What lb can still say when it has no time: little, at once, and that it is worth trying again. */
const tooBusy: Refusal = {
  status: 529,
  type: 'overloaded_error',
  message: 'lb is overloaded. Try again in a moment.',
  retryAfterSeconds: 1,
  shouldRetry: true,
}
