import { expect, test } from 'vitest'
import { isLoopback } from './host.ts'

test('loopback addresses are those of this machine', () => {
  for (const host of ['127.0.0.1', '127.9.9.9', 'localhost', 'LocalHost', '::1', '[::1]', ' 127.0.0.1 '])
    expect(isLoopback(host), host).toBe(true)
  for (const host of ['', '0.0.0.0', '::', '128.0.0.1', '127.0.0', 'a.localhost', '127.0.0.1:80', '0x7f000001'])
    expect(isLoopback(host), host).toBe(false)
})
