import { expect, test } from 'vitest'
import { documentPages } from './document-pages.ts'

const pdf = (text: string): string => Buffer.from(`%PDF-1.7\n${text}`, 'latin1').toString('base64')

test('pages that stand in the open are counted; names that only begin alike are not', () => {
  const pages = '<< /Type /Page /Parent 1 0 R >> <</Type/Page>> << /Type/Page\n>>'
  expect(documentPages(pdf(`<< /Type /Pages /Kids [] >> /PageLabels /PageMode /Pag ${pages}`))).toBe(3)
})

test('when none stands in the open, the size has to do', () => {
  expect(documentPages(pdf('packed'))).toBe(1)
  expect(documentPages(pdf('x'.repeat(300_000)))).toBe(5)
})

test('a document that takes too long to search is judged by its size alone', () => {
  const page = '<</Type/Page>>'
  expect(documentPages(pdf(page + 'x'.repeat(6_000_000)))).toBe(100)
  expect(documentPages(pdf(page + 'x'.repeat(4_000_000)))).toBe(1)
})

test('nothing is one page', () => {
  expect(documentPages('')).toBe(1)
})
