import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { derivedFiles } from './derived.ts'
import { fileAt, readRepository } from './repository.ts'

// `pnpm fix:derived`: writes the files that are computed from the rest of the repository.
const root = fileURLToPath(new URL('..', import.meta.url))
const repository = readRepository(root)

for (const { path, text } of derivedFiles(repository)) {
  if (fileAt(repository, path)?.text === text) continue
  writeFileSync(join(root, path), text)
  process.stdout.write(`wrote ${path}\n`)
}
