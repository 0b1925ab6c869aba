import type { HttpBindings } from '@hono/node-server'
import { startJob } from './attempt/job.ts'
import type { Run } from './attempt/run.ts'
import { createClientView } from './egress/client-view.ts'
import { clientOutlet } from './egress/outlet.ts'
import { type ClientRequest, type Endpoint, endpoints, readClientRequest } from './ingress/client-request.ts'
import type { Refusal } from './ingress/refusal.ts'
import type { Visit } from './ingress/route.ts'
import type { Caller } from './keys/caller.ts'
import { knownPatterns, refusalForKey } from './keys/permission.ts'
import type { House } from './state/house.ts'

/**
 * The life of a request, on one screen. Each stage has a folder of its name.
 *
 *   ingress → plan → limits → attempt loop → egress
 */
export async function handle(
  house: House,
  endpoint: Endpoint,
  { compiled, caller, lbKeys }: Visit,
  { incoming, outgoing }: HttpBindings,
): Promise<void> {
  const id = house.newId('req')
  const receivedAtMs = house.clock.nowMs()
  let run: Run | undefined
  const outlet = clientOutlet(outgoing, { drained: () => run?.drained(), gone: () => run?.clientGone() })
  const view = createClientView(outlet, {
    dialect: endpoints[endpoint].dialect,
    requestId: id,
    nowMs: house.clock.nowMs,
  })

  const bounds = { limitBytes: compiled.config.settings.maxBodyBytes, paces: house.paces }
  const arrival = { id, endpoint, receivedAtMs, tenant: caller.tenant, lbKeys, ...bounds }
  const request = await readClientRequest(incoming, arrival)
  if (!request.ok) return view.refuse(request.error)

  const wanted = wantedBy(request.value, caller)
  const forbidden = refusalForKey(compiled, caller, wanted)
  if (forbidden !== undefined) return view.refuse(forbidden)
  const candidates = house.targets.plan(compiled, wanted)
  if (candidates.length === 0) return view.refuse(unknownModel(request.value, knownPatterns(caller, compiled.rules)))
  const overLimit = house.limits.enter(request.value, caller)
  if (overLimit !== undefined) return view.refuse(overLimit)

  house.observer.requestStarted(request.value)
  run = startJob({
    house,
    compiled,
    request: request.value,
    candidates,
    view,
    over(state, attempts) {
      const nowMs = house.clock.nowMs()
      house.observer.requestDone({ request: request.value, state, candidates, attempts, shown: view.shown(), nowMs })
    },
  })
}

function wantedBy({ model, forcedProvider }: ClientRequest, { providers }: Caller) {
  const features = { tokens: 0, thinking: false, images: false, webSearch: false, tools: false, background: false }
  return { model, forcedProvider: forcedProvider ?? null, session: null, features, providers }
}

function unknownModel({ model, forcedProvider }: ClientRequest, patterns: readonly string[]): Refusal {
  const message =
    forcedProvider === undefined
      ? `model: ${model} matches no route.${patterns.length === 0 ? '' : ` Known patterns: ${patterns.join(', ')}.`}`
      : `provider: ${forcedProvider} is not a configured provider, or has no route for model ${model}.`
  return { status: 404, type: 'not_found_error', message }
}
