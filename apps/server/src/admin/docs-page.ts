import { createHash } from 'node:crypto'
import { isJsonObject, type Json, type JsonObject, member, stringMember } from '@lb/protocol'
import { html, raw } from 'hono/html'
import { docsStyle } from './docs-style.ts'
import { membersOf, type Piece, prose, typeText } from './schema-text.ts'

/** No script, no frame, nothing from anywhere: the one thing that the page brings is its own style. */
export const docsPolicy: string = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(docsStyle).digest('base64')}'`,
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** An OpenAPI document as a page to read. Everything in it is text of the document, escaped. */
export function docsPage(document: JsonObject): string {
  const info = member(document, 'info') ?? null
  const operations = operationsOf(document)
  const chapters = listOf(member(document, 'tags')).map((tag) => ({
    name: stringMember(tag, 'name') ?? '',
    about: stringMember(tag, 'description') ?? '',
    operations: operations.filter(({ tag: own }) => own === stringMember(tag, 'name')),
  }))
  const schemas = entriesOf(member(member(document, 'components') ?? null, 'schemas'))
  const title = `${stringMember(info, 'title')} API`
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${raw(docsStyle)}</style>
</head>
<body>
<nav aria-label="Contents">
<a class="home" href="#top">${stringMember(info, 'title')}<small>${stringMember(info, 'version')}</small></a>
${chapters.map(
  ({ name, operations: own }) =>
    html`<h2><a href="#${name}">${name}</a></h2><ul>${own.map(
      ({ id, method, path }) => html`<li><a href="#${id}"><b class="${method}">${method}</b> ${path}</a></li>`,
    )}</ul>`,
)}
<h2><a href="#schemas">Schemas</a></h2>
<ul>${schemas.map(([name]) => html`<li><a href="#schema-${name}">${name}</a></li>`)}</ul>
</nav>
<main id="top">
<h1>${title}</h1>
<p class="lead">${stringMember(info, 'summary')}</p>
<p>${prose(stringMember(info, 'description') ?? '')} For programs: <a href="/openapi.json">openapi.json</a>.</p>
${chapters.map(
  ({ name, about, operations: own }) =>
    html`<section><h2 id="${name}">${name}</h2><p>${prose(about)}</p>${own.map(operationView)}</section>`,
)}
<section><h2 id="schemas">Schemas</h2>${schemas.map(
    ([name, schema]) => html`<article id="schema-${name}"><h3>${name}</h3>${schemaView(schema)}</article>`,
  )}</section>
</main>
</body>
</html>
`
  return String(page)
}

interface ShownOperation {
  readonly id: string
  readonly tag: string
  readonly method: string
  readonly path: string
  readonly operation: Json
}

function operationsOf(document: JsonObject): readonly ShownOperation[] {
  return entriesOf(member(document, 'paths')).flatMap(([path, methods]) =>
    entriesOf(methods).map(([method, operation]) => ({
      id: stringMember(operation, 'operationId') ?? '',
      tag: String(listOf(member(operation, 'tags'))[0]),
      method: method.toUpperCase(),
      path,
      operation,
    })),
  )
}

function operationView({ id, method, path, operation }: ShownOperation): Piece {
  const description = stringMember(operation, 'description')
  const isOpen = listOf(member(operation, 'security')).length === 0
  const body = schemaIn(member(operation, 'requestBody'))
  return html`<article id="${id}">
<h3><b class="${method}">${method}</b> <code>${path}</code>${isOpen ? html` <i>open</i>` : ''}</h3>
<p>${prose(stringMember(operation, 'summary') ?? '')}.</p>
${description === undefined ? '' : html`<p>${prose(description)}</p>`}
${parametersView(listOf(member(operation, 'parameters')))}
${body === undefined ? '' : html`<h4>Body</h4>${schemaView(body)}`}
<h4>Answers</h4>
<dl>${entriesOf(member(operation, 'responses')).map(
    ([status, response]) =>
      html`<dt><code>${status}</code></dt><dd>${prose(stringMember(response, 'description') ?? '')} ${contentText(response)}</dd>`,
  )}</dl>
</article>`
}

function parametersView(parameters: readonly Json[]): Piece {
  if (parameters.length === 0) return html``
  return html`<h4>Parameters</h4><div class="wide"><table>${parameters.map(
    (one) => html`<tr><th><code>${stringMember(one, 'name')}</code></th><td>${stringMember(one, 'in')}</td>
<td>${typeText(member(one, 'schema') ?? null)}</td><td>${prose(stringMember(one, 'description') ?? '')}</td></tr>`,
  )}</table></div>`
}

/** `application/json: ProviderList`. */
function contentText(response: Json): Piece {
  const types = entriesOf(member(response, 'content')).map(
    ([type, content]) => html`<small><code>${type}</code> ${typeText(member(content, 'schema') ?? null)}</small>`,
  )
  return html`${types.map((type) => html`<br>${type}`)}`
}

function schemaView(schema: Json): Piece {
  const members = membersOf(schema)
  const about = stringMember(schema, 'description')
  const note = about === undefined ? '' : html`<p>${prose(about)}</p>`
  if (members.length === 0) return html`${note}<p>${typeText(schema)}</p>`
  return html`${note}<div class="wide"><table>${members.map(
    ({
      name,
      schema: own,
      isRequired,
    }) => html`<tr><th><code>${name}</code>${isRequired ? '' : html` <small>optional</small>`}</th>
<td>${typeText(own)}</td><td>${prose(stringMember(own, 'description') ?? '')}</td></tr>`,
  )}</table></div>`
}

function schemaIn(content: Json | undefined): Json | undefined {
  const [first] = entriesOf(member(content ?? null, 'content'))
  return first === undefined ? undefined : member(first[1], 'schema')
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : []
}

function entriesOf(value: Json | undefined): [string, Json][] {
  return isJsonObject(value) ? Object.entries(value).map(([name, own]) => [name, own ?? null]) : []
}
