/** The workloads: what is sent, what comes back, and how many ask at once. The names are those of docs/performance.md. */
export interface Workload {
  readonly name: string
  readonly what: string
  readonly connections: number
  /** Requests in one measured round. */
  readonly requests: number
  /** Requests before the first round, so that the engine has compiled what it will compile. */
  readonly warmup: number
  readonly body: Buffer
  readonly stream: boolean
  /** Events in the answer; 0: one JSON body. */
  readonly events: number
}

/** In each body; replaced by another number in each request, so that none is the same as another. */
export const NUMBER = '#00000000'

const word = 'lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore. '

function request(stream: boolean, bytes: number): Buffer {
  const turns: object[] = []
  const size = (): number => JSON.stringify(turns).length
  while (size() < bytes) {
    turns.push({
      role: 'user',
      content: [{ type: 'text', text: word.repeat(Math.min(20, Math.ceil((bytes - size()) / word.length))) }],
    })
    turns.push({ role: 'assistant', content: [{ type: 'text', text: 'Understood — ünderstood. ' }] })
  }
  turns.push({ role: 'user', content: `go on ${NUMBER}` })
  return Buffer.from(JSON.stringify({ model: 'claude-bench-1', max_tokens: 1024, stream, messages: turns }))
}

export const workloads: Readonly<Record<'W1' | 'W2b', Workload>> = {
  W1: {
    name: 'W1',
    what: '1 KB request, 1 KB JSON answer, 32 connections',
    connections: 32,
    requests: 4000,
    warmup: 8000,
    body: request(false, 700),
    stream: false,
    events: 0,
  },
  W2b: {
    name: 'W2b',
    what: '151 KB request, 300 events in one burst, 16 streams',
    connections: 16,
    requests: 1500,
    // After 1,000 the engine still spends a tenth of the time on compiling.
    warmup: 6000,
    body: request(true, 151_000),
    stream: true,
    events: 300,
  },
}
