import fc from 'fast-check'
import { expect, expectTypeOf, test } from 'vitest'
import type { Provider, Settings } from '../config.ts'
import { rootKeys } from '../keys/root-keys.ts'
import { namedEntries } from './key-list.ts'
import { configKey } from './key-name.ts'

test('every key has a full name, lists and names of the user included', () => {
  const paths = [...namedEntries(rootKeys)].map(({ path }) => path)
  expect(paths).toContain('providers[].auth_values[].weight')
  expect(paths).toContain('model_routes.*[].when.min_tokens')
  expect(paths).toContain('settings.usage.prices.*.cache_write_5m')
  expect(paths).toContain('settings.auth.keys[].limits.budget.per')
  expect(new Set(paths).size).toBe(paths.length)
})

test('names become camel case, and times say their unit', () => {
  expect(configKey('connect_timeout', 'seconds')).toBe('connectTimeoutMs')
  expect(configKey('unhealthy_reset_timeout', 'seconds-or-off')).toBe('unhealthyResetTimeoutMs')
  expect(configKey('delay_seconds', 'seconds')).toBe('delayMs')
  expect(configKey('delay_seconds', 'integer')).toBe('delaySeconds')
  expect(configKey('max_bytes', 'integer')).toBe('maxBytes')
  expect(configKey('cache_write_5m', 'number')).toBe('cacheWrite5m')
  expect(configKey('key_sha256', 'sha256')).toBe('keySha256')
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z][a-z0-9]*(_[a-z0-9]+){0,4}$/), (name) => {
      expect(configKey(name, 'text')).not.toMatch(/_[a-z0-9]/)
    }),
  )
})

test('no two keys of a section get the same name', () => {
  const seen = new Set<string>()
  for (const { path, name, entry } of namedEntries(rootKeys)) {
    const made = path.slice(0, -name.length) + configKey(name, entry.kind)
    expect(seen.has(made), made).toBe(false)
    seen.add(made)
  }
})

test('the types follow from the same entries', () => {
  expectTypeOf<Settings['timeouts']['streaming']['firstByteTimeoutMs']>().toEqualTypeOf<number>()
  expectTypeOf<Settings['failureCooldownMs']>().toEqualTypeOf<number | undefined>()
  expectTypeOf<Settings['failoverPolicy']>().toEqualTypeOf<'seamless' | 'threshold'>()
  expectTypeOf<Settings['auth']['keys'][number]['models']>().toEqualTypeOf<readonly string[] | undefined>()
  expectTypeOf<Settings['unhealthyHttpCodes']>().toEqualTypeOf<readonly number[]>()
  expectTypeOf<Provider['dialect']>().toEqualTypeOf<'anthropic' | 'chat' | 'responses'>()
  expectTypeOf<Settings>().not.toHaveProperty('reloadIncludes')
  expectTypeOf<Settings>().not.toHaveProperty('testing')
})
