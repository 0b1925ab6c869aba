import { join, resolve } from 'node:path'
import { homeFolder } from '../home-folder.ts'

/**
 * A path of the configuration as the system takes it: relative to the folder of the file, and `~` is the home folder, as people
 * write it in a shell. (There is no shell here, so that without this a folder called `~` would be made.)
 */
export function pathFrom(folder: string, path: string): string {
  return path === '~' || path.startsWith('~/') ? join(homeFolder(), path.slice(1)) : resolve(folder, path)
}
