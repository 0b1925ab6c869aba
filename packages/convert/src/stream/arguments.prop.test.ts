import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createArgumentsProgress } from './arguments.ts'

test('an object is complete exactly at its last brace, however it is cut', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.array(fc.nat(7), { minLength: 1 }), (object, steps) => {
      const text = JSON.stringify(object)
      const progress = createArgumentsProgress()
      let at = 0
      for (let step = 0; at < text.length; step += 1) {
        expect(progress.state).not.toBe('complete')
        const end = at + 1 + (steps[step % steps.length] ?? 0)
        expect(progress.push(text.slice(at, end))).toBe(Math.min(end, text.length) - at)
        at = end
      }
      expect(progress.state).toBe('complete')
      expect(progress.push(' more')).toBe(0)
    }),
  )
})
