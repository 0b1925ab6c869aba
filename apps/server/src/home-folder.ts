import { homedir, userInfo } from 'node:os'
import { isAbsolute } from 'node:path'

/**
 * The home folder of this user: what the environment says (`HOME`, on Windows `USERPROFILE`), unless that is empty or
 * relative, which would be another folder wherever lb is started; else what the system's list of users says. A user that is in
 * no list, as in a container with a number for a user, gets `/`, as Docker has it. Never throws.
 *
 * @param named what the environment says. Default: that of this process.
 */
export function homeFolder(named: () => string = homedir, listed: () => string = () => userInfo().homedir): string {
  return [named, listed].map(pathOr).find(isAbsolute) ?? '/'
}

/** Node throws where the system knows no such user. */
function pathOr(ask: () => string): string {
  try {
    return ask()
  } catch {
    return ''
  }
}
