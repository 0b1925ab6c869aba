import { describe, expect, test } from 'vitest'
import { hostNames, judgeHost } from './host.ts'

const here = { localAddress: '127.0.0.1', localPort: 9090 }

describe('on 127.0.0.1:9090', () => {
  const names = hostNames({ host: '127.0.0.1', allowedHosts: [] })

  test.each(['127.0.0.1:9090', 'localhost:9090', 'LOCALHOST:9090', '[::1]:9090'])('%s is lb', (host) => {
    expect(judgeHost(host, names, here)).toBe('known')
  })

  test.each([
    'evil.example:9090',
    'evil.example',
    'localhost.evil.example:9090',
    'localhost.:9090',
    'localhost',
    'localhost:9091',
    'localhost:909',
    '127.0.0.1',
    '127.0.0.2:9090',
    '0.0.0.0:9090',
    '[::]:9090',
    '2130706433:9090',
    '0x7f000001:9090',
    '127.1:9090',
    '[::ffff:127.0.0.1]:9090',
    '[0:0:0:0:0:0:0:1]:9090',
    'a.localhost:9090',
  ])('%s is not', (host) => {
    expect(judgeHost(host, names, here)).toBe('unknown')
  })

  test.each([
    '',
    ':9090',
    'localhost:',
    'localhost:port',
    'localhost:123456',
    'localhost:9090:9090',
    'user@localhost:9090',
    'localhost:9090/x',
    'localhost:9090, evil.example',
    'localhost:9090 evil.example',
    'local\thost',
    '::1',
    '[::1',
    'http://localhost:9090',
    'localhost?x',
    'localhost#x',
    'ünicode.example',
  ])('%s is no host at all', (host) => {
    expect(judgeHost(host, names, here)).toBe('malformed')
  })
})

test('the address that the connection came in on is lb, where lb listens on all of them', () => {
  const names = hostNames({ host: '0.0.0.0', allowedHosts: [] })
  const end = { localAddress: '::ffff:192.168.1.5', localPort: 9090 }
  expect(judgeHost('192.168.1.5:9090', names, end)).toBe('known')
  expect(judgeHost('192.168.1.6:9090', names, end)).toBe('unknown')
  expect(judgeHost('localhost:9090', names, end)).toBe('known')
  expect(judgeHost('0.0.0.0:9090', names, end)).toBe('unknown')
  expect(judgeHost('[fd00::5]:9090', names, { localAddress: 'fd00::5', localPort: 9090 })).toBe('known')
})

test('a name that lb is bound to is lb', () => {
  const names = hostNames({ host: 'Lb.internal', allowedHosts: [] })
  expect(judgeHost('lb.internal:9090', names, here)).toBe('known')
})

test('port 80 need not be named', () => {
  const names = hostNames({ host: '127.0.0.1', allowedHosts: [] })
  expect(judgeHost('localhost', names, { ...here, localPort: 80 })).toBe('known')
})

describe('settings.allowed_hosts', () => {
  const allowed = (...allowedHosts: string[]) => hostNames({ host: '0.0.0.0', allowedHosts })

  test('a name without port is allowed with every port', () => {
    for (const host of ['lb.example.com', 'LB.example.com:443', 'lb.example.com:8080'])
      expect(judgeHost(host, allowed('lb.example.COM'), here)).toBe('known')
    expect(judgeHost('x.lb.example.com', allowed('lb.example.com'), here)).toBe('unknown')
  })

  test('a name with port is allowed with that one; browsers leave 443 and 80 out', () => {
    expect(judgeHost('lb.example.com:8443', allowed('lb.example.com:8443'), here)).toBe('known')
    expect(judgeHost('lb.example.com', allowed('lb.example.com:8443'), here)).toBe('unknown')
    expect(judgeHost('lb.example.com:1', allowed('lb.example.com:8443'), here)).toBe('unknown')
    expect(judgeHost('lb.example.com', allowed('lb.example.com:443'), here)).toBe('known')
    expect(judgeHost('lb.example.com', allowed('lb.example.com:80'), here)).toBe('known')
  })

  test('an address is a name like others, a compose service, too', () => {
    expect(judgeHost('10.0.0.7:9090', allowed('10.0.0.7'), here)).toBe('known')
    expect(judgeHost('[fd00::7]:1', allowed('[fd00::7]'), here)).toBe('known')
    expect(judgeHost('lb_server:9090', allowed('lb_server:9090'), here)).toBe('known')
  })
})
