import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'

/** What a full run has shown. */
export interface Proof {
  /** What runs it again. */
  readonly command: string
  readonly seed?: number
  readonly lines: readonly string[]
}

/** Writes `docs/proofs/<name>.md` when `LB_PROOFS` is set: the figures of a full run, with the commit that they are about. */
export function writeProof(name: string, { command, seed, lines }: Proof): void {
  if ((process.env['LB_PROOFS'] ?? '') === '') return
  const folder = fileURLToPath(new URL('../../../../docs/proofs/', import.meta.url))
  mkdirSync(folder, { recursive: true })
  const git = (...args: string[]): string => spawnSync('git', args, { encoding: 'utf8', cwd: folder }).stdout.trim()
  const machine = `Node ${process.version}, ${cpus()[0]?.model.trim()}`
  const head = [
    `# ${name}`,
    '',
    `\`${command}\` at commit ${git('rev-parse', '--short=12', 'HEAD')}${git('status', '--porcelain', '--', 'apps', 'packages') === '' ? '' : ' with uncommitted changes'}${seed === undefined ? '' : `, seed ${seed}`}, ${machine}.`,
    '',
  ]
  writeFileSync(`${folder}${name}.md`, [...head, ...lines, ''].join('\n'))
}
