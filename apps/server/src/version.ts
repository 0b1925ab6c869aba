import { readFileSync } from 'node:fs'
import { parseJson, stringMember } from '@lb/protocol'

/** The version of the package that this file was published in: the server's, or the command's that has it inside. */
export const version: string = ownVersion()

function ownVersion(): string {
  const manifest = parseJson(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  return (manifest.ok ? stringMember(manifest.value, 'version') : undefined) ?? 'unknown'
}
