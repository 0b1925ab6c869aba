import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { openOAuth } from '../oauth.ts'
import type { OAuthSettings } from '../settings.ts'

/**
 * A process of its own that uses the stored logins, and says for each line it gets what a request would: the kind of answer,
 * the rotation of the tokens, and what day it believes it is.
 *
 *   node asker.js <settings as JSON>
 */
const settings = JSON.parse(process.argv[2] ?? '{}') as OAuthSettings

async function answer(): Promise<void> {
  const opened = await openOAuth(settings, { publicUrl: 'http://127.0.0.1:9090', log: () => undefined })
  if (!opened.ok) throw new Error(opened.error.join())
  const { accounts, close } = opened.value
  for await (const _line of createInterface({ input: process.stdin })) {
    const given = await accounts.credentialFor({})
    const rotation = given.kind === 'credential' ? given.credential.rotation : 0
    writeSync(1, `${given.kind} ${rotation} ${Math.round(Date.now() / 86_400_000)}\n`)
  }
  await close()
}

answer().catch((error: unknown) => {
  writeSync(1, `failed ${String(error)}\n`)
  process.exit(1)
})
