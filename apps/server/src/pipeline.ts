import type { IncomingMessage, ServerResponse } from 'node:http'
import type { LoggedEvent } from '@lb/router'
import { startJob } from './attempt/job.ts'
import type { Run } from './attempt/run.ts'
import { createClientView } from './egress/client-view.ts'
import { clientOutlet } from './egress/outlet.ts'
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
 *   ingress → plan → attempt loop → egress
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
  let run: Run | undefined
  const outlet = clientOutlet(response, { drained: () => run?.drained(), gone: () => run?.clientGone() })
  const view = createClientView(outlet, {
    dialect: endpoints[endpoint].dialect,
    requestId: id,
    nowMs: house.clock.nowMs,
  })

  const limitBytes = compiled.config.settings.maxBodyBytes
  const request = await readClientRequest(incoming, { id, endpoint, tenant: 'default', receivedAtMs, limitBytes })
  if (!request.ok) return view.refuse(request.error)

  const wanted = wantedBy(request.value, compiled)
  const { candidates, session } = house.targets.plan(compiled, wanted)
  if (candidates.length === 0)
    return view.refuse(
      unknownModel(
        request.value,
        compiled.rules.map(({ pattern }) => pattern),
      ),
    )

  const log: LoggedEvent[] | null = compiled.config.settings.decisionRecords.enabled ? [] : null
  const features = compiled.hasConditions ? wanted.features : null
  house.enter(compiled)
  house.observer.requestStarted(request.value)
  run = startJob({
    house,
    compiled,
    request: request.value,
    candidates,
    session,
    view,
    log,
    over(state, attempts, policy) {
      house.leave(compiled)
      const nowMs = house.clock.nowMs()
      const asked = { request: request.value, candidates, features, policy, log }
      house.observer.requestDone({ ...asked, state, attempts, shown: view.shown(), nowMs })
    },
  })
}

function wantedBy(request: ClientRequest, compiled: CompiledConfig): Wanted {
  const { id, model, forcedProvider = null } = request
  const features = compiled.hasConditions ? featuresOfRequest(request) : noFeatures
  return { request: id, model, forcedProvider, features, session: () => sessionKey(request) }
}

function unknownModel({ model, forcedProvider }: ClientRequest, patterns: readonly string[]): Refusal {
  const message =
    forcedProvider === undefined
      ? `model: ${model} matches no route. Known patterns: ${patterns.join(', ')}.`
      : `provider: ${forcedProvider} is not a configured provider, or has no route for model ${model}.`
  return { status: 404, type: 'not_found_error', message }
}
