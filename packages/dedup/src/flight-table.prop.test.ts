import type { Moment } from '@lb/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { defaultFlightPolicy, type Ending, type FlightPolicy } from './flight/flight.ts'
import { createFlightTable, type FlightAction } from './flight-table.ts'

/** What the table promises, said in the shortest way: calls with an answer, and how far everybody has read it. */
interface Call {
  readonly key: string
  answer: string
  readonly readers: Map<string, number>
  missed: number
  ending?: Ending
  endMs: number
  cancelled: boolean
}

class Model {
  readonly calls: Call[] = []
  nowMs = 0
  readonly policy: FlightPolicy

  constructor(policy: FlightPolicy) {
    this.policy = policy
  }

  arrive(key: string, who: string): Call {
    const open = this.calls.findLast((call) => call.key === key && this.isOpen(call))
    const call = open ?? { key, answer: '', readers: new Map(), missed: 0, endMs: 0, cancelled: false }
    if (open === undefined) this.calls.push(call)
    call.missed = Math.max(0, call.missed - 1)
    call.readers.set(who, 0)
    return call
  }

  isOpen({ ending, endMs, cancelled, readers, missed }: Call): boolean {
    if (ending === undefined) return !cancelled
    const isKept = this.policy.life === 'background' && ending.kind === 'whole'
    return isKept && this.nowMs < endMs + this.policy.lingerMs && (readers.size > 0 || missed > 0)
  }

  leave(call: Call, who: string, how: 'served' | 'left'): void {
    call.readers.delete(who)
    if (how === 'left') call.missed += 1
    if (this.policy.life === 'direct' && call.readers.size === 0 && call.ending === undefined) call.cancelled = true
  }

  read(call: Call, who: string): string {
    const rest = call.answer.slice(call.readers.get(who))
    call.readers.set(who, call.answer.length)
    return rest
  }
}

/** The table with everybody around it: every step is taken here and in the model, and the two are compared. */
class World {
  readonly table = createFlightTable()
  readonly model: Model
  readonly scheduler: fc.Scheduler
  readonly started: string[] = []
  readonly cancelled: string[] = []
  readonly problems: unknown[] = []
  joined = 0
  joinedAfterTheEnd = 0
  failedTogether = 0
  private readonly aboard = new Map<string, Call>()
  private wake: (() => void)[] = []
  private serial = 0

  constructor(scheduler: fc.Scheduler, policy: FlightPolicy) {
    this.scheduler = scheduler
    this.model = new Model(policy)
  }

  arrive(key: string): void {
    const who = `${key}${this.serial++}`
    const actions = this.table.arrive(key, who, this.at(), { policy: this.model.policy })
    const call = this.model.arrive(key, who)
    this.aboard.set(who, call)
    if (actions.length === 1 || call.ending !== undefined) this.joined += 1
    if (call.ending !== undefined) this.joinedAfterTheEnd += 1
    this.note(actions)
    expect(actions.find(({ kind }) => kind === 'attach')?.flight).toBe(this.flightOf(call))
    this.compare()
    this.readAlong(who, call).catch((problem) => this.problems.push(problem))
  }

  /** A consumer's loop: it reads when the scheduler lets it, and leaves when it has everything. */
  private async readAlong(who: string, call: Call): Promise<void> {
    for (;;) {
      await this.scheduler.schedule(Promise.resolve(), `${who} reads`)
      if (!this.aboard.has(who)) return
      const read = this.table.read(who)
      const expected = this.model.read(call, who)
      const text = read.kind === 'chunks' ? read.chunks.map((chunk) => new TextDecoder().decode(chunk)).join('') : ''
      expect(text).toBe(expected)
      if (read.kind === 'chunks') continue
      expect(read.kind).toBe(call.ending === undefined ? 'wait' : 'end')
      if (read.kind === 'end') return this.leave(who, 'served')
      await new Promise<void>((resolve) => this.wake.push(resolve))
    }
  }

  leave(who: string, how: 'served' | 'left'): void {
    const call = this.aboard.get(who)
    if (call === undefined) return
    this.aboard.delete(who)
    this.note(this.table.leave(who, how, this.at()))
    this.model.leave(call, who, how)
    this.compare()
  }

  leaveSomebody(pick: number): void {
    const names = [...this.aboard.keys()]
    const who = names[pick % Math.max(1, names.length)]
    if (who !== undefined) this.leave(who, 'left')
  }

  append(pick: number): void {
    const call = this.running(pick)
    if (call === undefined) return
    const chunk = `<${this.serial++}>`
    call.answer += chunk
    this.note(this.table.append(this.flightOf(call), new TextEncoder().encode(chunk), this.at()))
    this.wakeAll()
  }

  end(pick: number, ending: Ending): void {
    const call = this.running(pick)
    if (call === undefined) return
    call.ending = ending
    call.endMs = this.model.nowMs
    const actions = this.table.end(this.flightOf(call), ending, this.at())
    this.note(actions)
    const finished = actions.filter(({ kind }) => kind === 'finish')
    if (ending.kind === 'failed' && call.readers.size > 1) this.failedTogether += 1
    // The same ending for all who are aboard, in the upstream's own words.
    for (const action of finished) expect(action).toMatchObject({ ending })
    expect(finished.flatMap((action) => ('consumers' in action ? action.consumers : []))).toEqual([
      ...call.readers.keys(),
    ])
    this.wakeAll()
  }

  pass(ms: number): void {
    this.model.nowMs += ms
    this.note(this.table.tick(this.at()))
    this.compare()
  }

  /** Everything ends, everybody reads to the end, and time passes: nothing may be left. */
  async landAll(): Promise<void> {
    for (let pick = this.model.calls.length; pick > 0; pick -= 1) this.end(0, { kind: 'whole' })
    await this.scheduler.waitIdle()
    this.pass(this.model.policy.lingerMs)
    expect(this.problems).toEqual([])
    expect(this.table.counts()).toEqual({ flights: 0, consumers: 0, heldBytes: 0 })
    expect(this.table.nextDeadlineMs()).toBeUndefined()
  }

  private running(pick: number): Call | undefined {
    const running = this.model.calls.filter(({ ending, cancelled }) => ending === undefined && !cancelled)
    return running[pick % Math.max(1, running.length)]
  }

  private flightOf(call: Call): string {
    return `f${this.model.calls.indexOf(call) + 1}`
  }

  private note(actions: readonly FlightAction[]): void {
    for (const { kind, flight } of actions) {
      if (kind === 'start-upstream') this.started.push(flight)
      if (kind === 'cancel-upstream') this.cancelled.push(flight)
      expect(kind).not.toBe('drop')
    }
  }

  private compare(): void {
    expect(this.started).toEqual(this.model.calls.map((call) => this.flightOf(call)))
    const gone = this.model.calls.filter(({ cancelled }) => cancelled).map((call) => this.flightOf(call))
    expect([...this.cancelled].sort()).toEqual(gone.sort())
    expect(this.table.counts().consumers).toBe(this.aboard.size)
    expect(this.problems).toEqual([])
  }

  private wakeAll(): void {
    const waiting = this.wake
    this.wake = []
    for (const resume of waiting) resume()
  }

  private at(): Moment {
    return { nowMs: this.model.nowMs, roll: 0 }
  }
}

/** One thing that happens to the world, at a time that the scheduler chooses. */
class Happening implements fc.AsyncCommand<Model, World> {
  private readonly what: string
  private readonly act: (world: World) => void

  constructor(what: string, act: (world: World) => void) {
    this.what = what
    this.act = act
  }

  check(): boolean {
    return true
  }

  async run(_model: Model, world: World): Promise<void> {
    this.act(world)
  }

  toString(): string {
    return this.what
  }
}

const failure = { kind: 'stream-cut', message: 'cut' } as const
const pick = fc.nat({ max: 50 })
const happenings = [
  fc.constantFrom('k', 'l').map((key) => new Happening(`arrive ${key}`, (world) => world.arrive(key))),
  fc.constantFrom('k', 'l').map((key) => new Happening(`arrive ${key}`, (world) => world.arrive(key))),
  pick.map((who) => new Happening(`leave ${who}`, (world) => world.leaveSomebody(who))),
  pick.map((call) => new Happening(`append ${call}`, (world) => world.append(call))),
  pick.map((call) => new Happening(`whole ${call}`, (world) => world.end(call, { kind: 'whole' }))),
  pick.map((call) => new Happening(`fail ${call}`, (world) => world.end(call, { kind: 'failed', failure }))),
  fc.constantFrom(1, 500, 999, 1000).map((ms) => new Happening(`pass ${ms} ms`, (world) => world.pass(ms))),
]

const patient = { ...defaultFlightPolicy, lingerMs: 1000, stallMs: 1e9, failedStallMs: 1e9, waitMs: 1e9 }
const runs = Number(process.env['LB_FLIGHT_RUNS'] ?? 200)

test.each(['direct', 'background'] as const)(
  `in ${'%s'} life, ${runs} random histories diverge from the model in no step`,
  { timeout: 900_000 },
  async (life) => {
    const seen = { calls: 0, joined: 0, joinedAfterTheEnd: 0, failedTogether: 0, cancelled: 0 }
    await fc.assert(
      fc.asyncProperty(
        fc.commands(happenings, { maxCommands: 120, size: 'max' }),
        fc.scheduler(),
        async (commands, scheduler) => {
          const world = new World(scheduler, { ...patient, life })
          await fc.scheduledModelRun(scheduler, () => ({ model: world.model, real: world }), commands)
          await world.landAll()
          seen.calls += world.started.length
          seen.cancelled += world.cancelled.length
          seen.joined += world.joined
          seen.joinedAfterTheEnd += world.joinedAfterTheEnd
          seen.failedTogether += world.failedTogether
        },
      ),
      { numRuns: runs },
    )
    console.log(`flights, ${life}: ${runs} histories, ${JSON.stringify(seen)}`)
    // The histories must be worth something.
    expect(seen.calls).toBeGreaterThan(runs)
    expect(seen.joined).toBeGreaterThan(runs)
    expect(seen.failedTogether).toBeGreaterThan(runs / 20)
    expect(seen.cancelled > 0).toBe(life === 'direct')
    expect(seen.joinedAfterTheEnd > 0).toBe(life === 'background')
  },
)
