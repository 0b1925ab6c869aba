import type { IncomingMessage, ServerResponse } from 'node:http'
import { startJob } from './attempt/job.ts'
import type { Run } from './attempt/run.ts'
import { createClientView } from './egress/client-view.ts'
import { clientOutlet } from './egress/outlet.ts'
import { type ClientRequest, type Endpoint, endpoints, readClientRequest } from './ingress/client-request.ts'
import type { Refusal } from './ingress/refusal.ts'
import type { CompiledConfig } from './state/compiled-config.ts'
import type { House } from './state/house.ts'

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

  const refuse = (refusal: Refusal): void => {
    house.observer.requestRefused({ id, endpoint, refusal })
    view.refuse(refusal)
  }

  if (house.isOverloaded()) return refuse(tooBusy)
  const limitBytes = compiled.config.settings.maxBodyBytes
  const { nowMs } = house.clock
  const request = await readClientRequest(incoming, { id, endpoint, receivedAtMs, nowMs, limitBytes })
  if (!request.ok) return refuse(request.error)

  const candidates = house.targets.plan(compiled, wantedBy(request.value))
  if (candidates.length === 0) return refuse(unknownModel(request.value, compiled))

  house.observer.requestStarted(request.value)
  run = startJob({
    house,
    compiled,
    request: request.value,
    candidates,
    view,
    over(state, attempts) {
      if (run !== undefined) house.running.delete(run)
      const shown = view.shown()
      house.observer.requestDone({ request: request.value, state, candidates, attempts, shown, nowMs: nowMs() })
    },
  })
  if (!run.isOver) house.running.add(run)
}

/** What lb can still say when it has no time: little, at once, and that it is worth trying again. */
const tooBusy: Refusal = {
  status: 529,
  type: 'overloaded_error',
  message: 'lb is overloaded. Try again in a moment.',
  retryAfterSeconds: 1,
  shouldRetry: true,
}

function wantedBy({ model, forcedProvider }: ClientRequest) {
  const features = { tokens: 0, thinking: false, images: false, webSearch: false, tools: false, background: false }
  return { model, forcedProvider: forcedProvider ?? null, session: null, features }
}

function unknownModel({ model, forcedProvider }: ClientRequest, { rules }: CompiledConfig): Refusal {
  const patterns = rules.map(({ pattern }) => pattern)
  const message =
    forcedProvider === undefined
      ? `model: ${model} matches no route. Known patterns: ${patterns.join(', ')}.`
      : `provider: ${forcedProvider} is not a configured provider, or has no route for model ${model}.`
  return { status: 404, type: 'not_found_error', message }
}
