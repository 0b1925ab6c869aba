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

const folder = fileURLToPath(new URL('../../../../docs/proofs/', import.meta.url))
const git = (...args: string[]): string => spawnSync('git', args, { encoding: 'utf8', cwd: folder }).stdout.trim()
const isWanted = (process.env['LB_PROOFS'] ?? '') !== ''
/** As it is when the run begins: the tree may be another one when a long run ends. */
const tree = isWanted
  ? `${git('rev-parse', '--short=12', 'HEAD')}${git('status', '--porcelain', '--', 'apps', 'packages') === '' ? '' : ' with uncommitted changes'}`
  : ''

/** Writes `docs/proofs/<name>.md` when `LB_PROOFS` is set: the figures of a full run, with the commit that they are about. */
export function writeProof(name: string, { command, seed, lines }: Proof): void {
  if (!isWanted) return
  mkdirSync(folder, { recursive: true })
  const machine = `Node ${process.version}, ${cpus()[0]?.model.trim()}`
  const head = [
    `# ${name}`,
    '',
    `\`${command}\` at commit ${tree}${seed === undefined ? '' : `, seed ${seed}`}, ${machine}.`,
    '',
  ]
  writeFileSync(`${folder}${name}.md`, [...head, ...lines, ''].join('\n'))
}
