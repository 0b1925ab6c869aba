import type { Log } from '../telemetry/log.ts'
import type { ConfigSource } from './config-source.ts'
import type { House } from './house.ts'
import { type FileWatch, type FileWatchOptions, watchFile } from './watch.ts'

/** Watches the configuration file while `settings.reload` says so, and takes up what changes in it. */
export function watchWhileWanted(
  { current, onReload, reloader }: Pick<House, 'current' | 'onReload' | 'reloader'>,
  { path }: ConfigSource,
  log: Log,
  pace: Pick<FileWatchOptions, 'settleMs' | 'lookEveryMs'> = {},
): FileWatch {
  let watch: FileWatch | undefined
  const follow = (isWanted: boolean): void => {
    if (isWanted === (watch !== undefined)) return
    watch?.close()
    watch = isWanted ? watchFile(path, { ...pace, changed: () => void reloader.reload('file') }) : undefined
    log.debug({ event: 'config_watch', path, on: isWanted }, isWanted ? `watching ${path}` : `not watching ${path}`)
  }
  follow(current().config.settings.reload)
  onReload((now) => follow(now.config.settings.reload))
  return { close: () => follow(false) }
}
