import { pathText } from '@lb/health'
import { Agenda } from './agenda.ts'
import type { Luck } from './chance.ts'
import type { Request } from './exchange.ts'
import { Gateway } from './gateway.ts'
import { parseScenario, type Scenario } from './scenario.ts'
import { Scribe } from './scribe.ts'
import { Upstream } from './upstream.ts'

/** The line between what is set up and what happens. */
const DIVIDER = '----'

/**
 * Plays the scenario at the head of a transcript and writes down what happens.
 *
 * @returns the whole text of the transcript as it should be: the head as it was, the divider, one line per decision.
 */
export function playTranscript(text: string): string {
  const head = text.split(`\n${DIVIDER}`)[0]?.trimEnd() ?? ''
  return `${head}\n${DIVIDER}\n${play(parseScenario(head)).join('\n')}\n`
}

/** What happens in a scenario, line by line. */
function play(scenario: Scenario): readonly string[] {
  const agenda = new Agenda()
  const scribe = new Scribe(agenda, scenario.upstreams, scenario.refreshes)
  const chance = new FixedChance(scenario.roll)
  const upstreams = new Map(scenario.upstreams.map((plan) => [plan.name, new Upstream(plan, chance)]))
  const gateway = new Gateway('', agenda, scenario.gateway, upstreams, chance, scribe)
  for (const { atMs, path, type } of scenario.operator) {
    agenda.put(atMs, {
      run: () => {
        scribe.note('operator', `${type} ${pathText(path)}`)
        gateway.tellHealth({ type, path })
      },
    })
  }
  for (const { atMs, ...planned } of scenario.requests) {
    const request: Request = { ...planned, ended: () => {} }
    agenda.put(atMs, { run: () => gateway.accept(request) })
  }
  while (agenda.step(Number.POSITIVE_INFINITY)) {
    // Until nothing is left to happen.
  }
  return scribe.lines
}

/** Every roll is the same, so that a transcript can be checked by hand. */
class FixedChance implements Luck {
  readonly #roll: number

  constructor(roll: number) {
    this.#roll = roll
  }

  next(): number {
    return this.#roll
  }

  happens(p: number): boolean {
    return p >= 1
  }
}
