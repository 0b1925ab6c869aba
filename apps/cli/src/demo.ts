import { type ConfigFlags, formatProblems, loadConfig } from '@lb/config'
import { demoScript, type MockProvider, startMockProvider } from '@lb/mock-provider'
import { err, ok, type Result } from '@lb/protocol'
import type { ReadConfig } from './config-file.ts'
import type { Terminal } from './terminal.ts'

/** The demo: lb in front of two embedded providers, one of each dialect. No key, no network. */
export interface Demo {
  readonly config: Result<ReadConfig, string>
  close(): Promise<void>
}

/** The demo may run for days; nobody looks at what its providers got. */
const KEPT_REQUESTS = 10

export async function startDemo(flags: ConfigFlags, { env }: Pick<Terminal, 'env'>): Promise<Demo> {
  const flaky = { every: 3, fault: 'error-529' } as const
  const first = await startMockProvider({
    script: demoScript({ name: 'demo-anthropic', flaky }),
    keepRequests: KEPT_REQUESTS,
  })
  const second = await startMockProvider({ script: demoScript({ name: 'demo-openai' }), keepRequests: KEPT_REQUESTS })
  const loaded = loadConfig(configText(first, second), env, flags)
  const config = loaded.ok ? ok({ ...loaded.value, notes: '' }) : err(formatProblems(loaded.error, 'demo'))
  return {
    config,
    async close() {
      await Promise.all([first.close(), second.close()])
    },
  }
}

function configText(first: MockProvider, second: MockProvider): string {
  return `
providers:
  - { name: demo-anthropic, type: anthropic, base_url: "${first.url}", auth_type: api_key, auth_value: demo }
  - { name: demo-openai, type: openai, base_url: "${second.url}/v1", auth_type: api_key, auth_value: demo }
model_routes:
  "claude-*":
    - { provider: demo-anthropic, model: passthrough, priority: 1 }
    - { provider: demo-openai, model: passthrough, priority: 2 }
  "*":
    - { provider: demo-anthropic, model: passthrough, priority: 1 }
    - { provider: demo-openai, model: passthrough, priority: 2 }
settings:
  log_file_path: ""
  usage: { enabled: false }
`
}
