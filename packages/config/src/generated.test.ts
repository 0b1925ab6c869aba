import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { configJsonSchema } from './json-schema.ts'
import { keyTables, obsoleteTable } from './key-table.ts'

// `pnpm --filter @lb/config generate` writes these files; here they are compared, so they cannot drift from the keys.

const root = new URL('../../../', import.meta.url)
const guide = new URL('docs/guides/configuration.md', root)

test('config.schema.json is the schema of the keys', async () => {
  const text = `${JSON.stringify(configJsonSchema(), null, 2)}\n`
  await expect(text).toMatchFileSnapshot(new URL('config.schema.json', root).pathname)
})

test('the tables of the guide are the tables of the keys', async () => {
  const tables = { 'obsolete keys': obsoleteTable(), keys: keyTables() }
  let text = readFileSync(guide, 'utf8')
  for (const [name, table] of Object.entries(tables)) {
    const start = `<!-- generated: ${name} -->`
    const [before = '', rest] = text.split(start)
    const end = rest?.indexOf('<!-- end -->') ?? -1
    expect(end, `the guide has no place for ${name}`).toBeGreaterThan(0)
    text = `${before}${start}\n\n${table}\n\n${rest?.slice(end)}`
  }
  await expect(text).toMatchFileSnapshot(guide.pathname)
})
