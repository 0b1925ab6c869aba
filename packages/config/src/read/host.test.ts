import { expect, test } from 'vitest'
import { isHost, isLoopback } from './host.ts'

test('loopback addresses are those of this machine', () => {
  for (const host of ['127.0.0.1', '127.9.9.9', 'localhost', 'LocalHost', '::1', '[::1]', ' 127.0.0.1 '])
    expect(isLoopback(host), host).toBe(true)
  for (const host of ['', '0.0.0.0', '::', '128.0.0.1', '127.0.0', 'a.localhost', '127.0.0.1:80', '0x7f000001'])
    expect(isLoopback(host), host).toBe(false)
})

test('what a server can listen on has no port, no scheme and no path', () => {
  for (const host of [
    '127.0.0.1',
    'localhost',
    'lb.example.com',
    'my_host',
    'exämple',
    '::',
    '::1',
    '[::1]',
    'fe80::1%eth0',
  ])
    expect(isHost(host), host).toBe(true)
  for (const host of [
    '',
    '*',
    '127.0.0.1:80',
    'localhost:80',
    '[::1]:80',
    '[localhost]',
    'http://127.0.0.1',
    'a/b',
    'a b',
    '[[::]]',
  ])
    expect(isHost(host), host).toBe(false)
})
