import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { undiciParts } from './undici-parts.ts'

const server = fileURLToPath(new URL('../../apps/server', import.meta.url))

/** What of undici the server's sources import. esbuild would bundle a name that is not there, too: as `undefined`. */
const imported = readdirSync(join(server, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
  .flatMap((path) => {
    const [, list = ''] =
      /^import \{([^}]*)\} from 'undici'/m.exec(readFileSync(join(server, 'src', path), 'utf8')) ?? []
    return list.split(',').map((name) => name.trim())
  })
  .filter((name) => name !== '' && !name.startsWith('type '))

const names = ['Agent', 'Dispatcher', 'Pool', 'ProxyAgent', 'Socks5ProxyAgent'] as const

async function bundled(): Promise<{ readonly file: string; readonly inputs: readonly string[] }> {
  const file = join(mkdtempSync(join(tmpdir(), 'lb-undici-')), 'parts.cjs')
  const { metafile } = await build({
    stdin: { contents: `export { ${names.join(', ')} } from 'undici'`, resolveDir: server },
    outfile: file,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    metafile: true,
    plugins: [undiciParts],
  })
  return { file, inputs: Object.keys(metafile.inputs) }
}

/** As far as it is tried here. */
interface Agent {
  request(to: {
    origin: string
    path: string
    method: string
  }): Promise<{ readonly body: { json(): Promise<unknown> } }>
  close(): Promise<void>
}

let parts: Record<(typeof names)[number], unknown> & { readonly Agent: new () => Agent }
let inputs: readonly string[]
const origin = createServer((_request, response) => void response.end('{"answered":true}'))

beforeAll(async () => {
  await new Promise<void>((resolve) => void origin.listen(0, '127.0.0.1', resolve))
  const made = await bundled()
  inputs = made.inputs
  const loaded = (await import(pathToFileURL(made.file).href)) as { readonly default: typeof parts }
  parts = loaded.default
})
afterAll(() => void origin.close())

test('what the sources import of undici is there', () => {
  expect(imported.length).toBeGreaterThan(0)
  expect(names).toEqual(expect.arrayContaining(imported))
  for (const name of names) expect(parts[name]).toBeTypeOf('function')
})

test('a dispatcher of the parts sends and answers', async () => {
  const agent = new parts.Agent()
  const { port } = origin.address() as AddressInfo
  const answer = await agent.request({ origin: `http://127.0.0.1:${port}`, path: '/', method: 'GET' })
  expect(await answer.body.json()).toEqual({ answered: true })
  await agent.close()
})

test('caches, mocks and WebSockets stay away', () => {
  expect(
    inputs.filter((file) => /undici\/lib\/(?:cache|mock|web\/(?:cache|websocket|eventsource))\//.test(file)),
  ).toEqual([])
})
