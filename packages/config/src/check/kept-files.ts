import type { SettingsFields } from '../config.ts'
import type { Findings } from '../problem.ts'
import type { Path } from '../yaml/tree.ts'

/**
 * Folders in which Linux shows itself and nothing can be kept. lb would serve without its files then, and say so in its log
 * only; an error of the configuration is heard by whoever wrote it.
 *
 * @see https://man7.org/linux/man-pages/man5/proc.5.html
 */
const shownByLinux: readonly string[] = ['proc', 'sys']

/** The files that lb keeps: whether they can be there. Only absolute paths say that without a look at the machine. */
export function checkKeptFiles(fields: SettingsFields, findings: Findings): void {
  const { logFilePath, healthStatePath, usage, oauth } = fields
  const files: readonly (readonly [path: Path, file: string | undefined, instead?: string])[] = [
    [['log_file_path'], logFilePath, 'name another folder, or /dev/stdout, or "" for no file'],
    [['health_state_path'], healthStatePath],
    [['usage', 'path'], usage.path],
    [['oauth', 'token_file'], oauth.tokenFile],
  ]
  for (const [path, file, instead = 'name another folder, e.g. /var/lib/lb'] of files) {
    const top = file === undefined ? undefined : topOf(file)
    if (top !== undefined && shownByLinux.includes(top))
      findings.error(['settings', ...path], `no file can be kept in /${top}, where Linux shows itself`, instead)
  }
}

/** The first folder of an absolute path, whichever way it is written; `undefined`: a relative one. */
function topOf(file: string): string | undefined {
  if (!file.startsWith('/')) return undefined
  const parts: string[] = []
  for (const part of file.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return parts[0]
}
