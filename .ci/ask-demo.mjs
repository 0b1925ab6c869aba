// Asks a running lb what a newcomer would ask, ten times each way: whole answers and streams. One of the demo's
// providers fails now and then; nobody may notice.
const base = process.argv[2] ?? 'http://127.0.0.1:9090'

const models = await (await fetch(`${base}/v1/models`)).json()
const model = models.data[0].id

for (let count = 0; count < 10; count += 1) {
  const whole = await ask(false)
  const text = JSON.parse(whole).content?.[0]?.text
  if (typeof text !== 'string' || text === '') throw new Error(`no text in ${whole}`)
  const stream = await ask(true)
  const starts = stream.match(/^event: message_start$/gm)?.length
  if (starts !== 1 || !/^event: content_block_delta$/m.test(stream) || !/^event: message_stop$/m.test(stream)) {
    throw new Error(`not one whole stream: ${stream}`)
  }
}
console.log(`${base} gave ten whole answers and ten whole streams for ${model}`)

async function ask(stream) {
  const response = await fetch(`${base}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'anthropic-version': '2023-06-01' },
    body: JSON.stringify({ model, max_tokens: 64, stream, messages: [{ role: 'user', content: `hello ${stream}` }] }),
    signal: AbortSignal.timeout(30_000),
  })
  const text = await response.text()
  if (response.status !== 200) throw new Error(`${response.status} ${text}`)
  return text
}
