/** Whether a text can be what a server listens on: a name or an address, IPv6 with or without brackets. Nothing is looked up. */
export function isHost(text: string): boolean {
  const bare = text.trim()
  if (/^[\p{L}\p{N}._-]+$/u.test(bare)) return true
  const address = bare.replace(/^\[([^[\]]*)\]$/, '$1')
  return /^[\da-f:.]+(?:%[\w.-]+)?$/i.test(address) && address.split(':').length > 2
}

/** Whether only this machine can reach an address, to listen on or in a URL. Names other than `localhost` could resolve to anything. */
export function isLoopback(host: string): boolean {
  const bare = host
    .trim()
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
  return bare === 'localhost' || bare === '::1' || /^127(\.\d{1,3}){3}$/.test(bare)
}
