import { fileURLToPath } from 'node:url'

/** A client that is installed for the tests only. */
export interface Client {
  readonly name: string
  readonly version: string
  /** Its program, below `node_modules`. */
  readonly program: string
}

export const clients: { readonly claudeCode: Client } = {
  claudeCode: {
    // The native program is in a package of its own; the one without the platform in its name is a launcher.
    name: '@anthropic-ai/claude-code-linux-x64',
    version: '2.1.330',
    program: '@anthropic-ai/claude-code-linux-x64/claude',
  },
}

/** Where a client is installed. */
export function clientFolder(name: string, version: string): string {
  return fileURLToPath(new URL(`../.clients/${name.replace(/[@/]/g, '_')}-${version}`, import.meta.url))
}
