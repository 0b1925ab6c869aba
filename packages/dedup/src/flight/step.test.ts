import { describe, expect, test } from 'vitest'
import { defaultFlightPolicy, type Ending, type FlightEvent, type FlightPolicy, type FlightState } from './flight.ts'
import { nextFlightDeadlineMs, stepFlight } from './step.ts'

const direct: FlightPolicy = { ...defaultFlightPolicy, waitMs: 100, lingerMs: 50, stallMs: 40, failedStallMs: 10 }
const background: FlightPolicy = { ...direct, life: 'background' }

const whole: Ending = { kind: 'whole' }
const failed: Ending = { kind: 'failed', failure: { kind: 'stream-cut', message: 'cut' } }

/** An event in short: `a` arrives, `-a` leaves, `+a` is served, `~a` progressed, `!a` is cut; `@5` is a tick at 5 ms. */
function eventOf(word: string): FlightEvent {
  const rest = word.slice(1)
  switch (word[0]) {
    case '-':
      return { kind: 'consumer-left', consumer: rest }
    case '+':
      return { kind: 'consumer-served', consumer: rest }
    case '~':
      return { kind: 'consumer-progressed', consumer: rest }
    case '!':
      return { kind: 'consumer-cut', consumer: rest }
    case '@':
      return { kind: 'ticked' }
  }
  const named: Record<string, FlightEvent> = {
    began: { kind: 'answer-began' },
    whole: { kind: 'answer-ended', ending: whole },
    failed: { kind: 'answer-ended', ending: failed },
    broken: { kind: 'log-broken' },
    evicted: { kind: 'evicted' },
  }
  return named[word] ?? { kind: 'arrived', consumer: word }
}

/** Plays `script`, words with an optional `@ms` for the time; returns each step's effects in words, and the last state. */
function play(script: string, policy: FlightPolicy): { effects: string[]; state: FlightState } {
  let state: FlightState = { kind: 'idle' }
  let nowMs = 0
  const effects: string[] = []
  for (const word of script.split(' ')) {
    if (word.startsWith('@')) nowMs = Number(word.slice(1))
    const step = stepFlight(state, eventOf(word), { nowMs, roll: 0 }, policy)
    state = step.state
    const said = step.effects.map((effect) => {
      const about = 'consumers' in effect ? effect.consumers.join('+') : 'consumer' in effect ? effect.consumer : ''
      const how =
        'role' in effect
          ? effect.role
          : 'reason' in effect
            ? effect.reason
            : 'ending' in effect
              ? effect.ending.kind
              : ''
      return [effect.kind, about, how].filter((part) => part !== '').join(' ')
    })
    effects.push(said.join(', '))
  }
  return { effects, state }
}

const last = (script: string, policy = direct): string => play(script, policy).effects.at(-1) ?? ''
const kindAfter = (script: string, policy = direct): string => play(script, policy).state.kind

describe('taking off', () => {
  test('the first one leads, the next ones follow', () => {
    expect(play('a b c', direct).effects).toEqual([
      'start-upstream a, attach a leader',
      'attach b follower',
      'attach c follower',
    ])
  })

  test('before anybody arrives, nothing else means anything', () => {
    for (const word of ['began', 'whole', 'broken', 'evicted', '-a', '+a', '~a', '!a', '@5']) {
      expect([last(word), kindAfter(word)]).toEqual(['', 'idle'])
    }
  })

  test('who joins late gets the answer from its start, as long as the log is whole', () => {
    expect(last('a began b')).toBe('attach b follower')
    expect(last('a began broken')).toBe('close')
    expect(last('a began broken broken')).toBe('')
    expect(last('a began broken b')).toBe('refuse b log-broken')
  })
})

describe('leaving', () => {
  test('the leader hands over to the next in line, and the upstream goes on', () => {
    expect(play('a b c -a -b -c', direct).effects.slice(3)).toEqual([
      'promote b',
      'promote c',
      'close, cancel-upstream, discard',
    ])
  })

  test('a follower leaves quietly', () => {
    expect([last('a b -b'), kindAfter('a b -b')]).toEqual(['', 'running'])
    expect(last('a b -b -a')).toBe('close, cancel-upstream, discard')
  })

  test('who is not there cannot leave, and progress means nothing before the end', () => {
    expect(play('a -x +x !x ~a', direct).state).toEqual(play('a', direct).state)
  })

  test('in background life the upstream goes on without consumers, and who comes back finds it', () => {
    expect([last('a -a', background), kindAfter('a -a', background)]).toEqual(['', 'unattended'])
    expect(last('a began -a a2', background)).toBe('attach a2 follower')
    expect(kindAfter('a began -a a2', background)).toBe('running')
    expect(last('a -a b -b c', background)).toBe('attach c follower')
  })

  test('but not when its start is lost: nobody could be given it', () => {
    expect(last('a began broken -a', background)).toBe('cancel-upstream, discard')
    expect(last('a began -a broken', background)).toBe('close, cancel-upstream, discard')
    expect(kindAfter('a began -a broken', background)).toBe('gone')
  })

  test('nor when memory is short', () => {
    expect(last('a -a evicted', background)).toBe('close, cancel-upstream, discard')
    expect(last('a evicted', background)).toBe('')
  })

  test('an unattended flight has nothing else to hear', () => {
    const before = play('a -a', background).state
    for (const word of ['-x', '+x', '!x', '~x', '@500']) expect(play(`a -a ${word}`, background).state).toEqual(before)
  })

  test('a consumer that the log cut off is dropped; the leader too', () => {
    expect(last('a b !b')).toBe('drop b lagged')
    expect(last('a b !a')).toBe('drop a lagged, promote b')
    expect(last('a !a')).toBe('drop a lagged, close, cancel-upstream, discard')
  })
})

describe('waiting', () => {
  test('a follower waits for the first byte for a limited time, the leader as long as it likes', () => {
    expect(last('a @10 b @20 c @109')).toBe('')
    expect(last('a @10 b @20 c @110')).toBe('drop b waited-too-long')
    expect(last('a @10 b @20 c @120')).toBe('drop b waited-too-long, drop c waited-too-long')
    expect(last('a @5000')).toBe('')
  })

  test('nobody waits any more once the answer has begun', () => {
    expect(last('a @10 b began @5000')).toBe('')
    expect(last('a b began began @5000')).toBe('')
    expect(last('a -a began b c @5000', background)).toBe('')
    expect(last('a began -a began b c @5000', background)).toBe('')
    expect(last('a -a b c @5000', background)).toBe('drop c waited-too-long')
  })

  test('without a limit, a follower waits for ever', () => {
    const { waitMs: _, ...patient } = direct
    expect(last('a b @999999', patient)).toBe('')
    expect(nextFlightDeadlineMs(play('a b', patient).state, patient)).toBeUndefined()
  })

  test('who leads by inheritance waits as long as it likes', () => {
    expect(last('a @10 b -a @5000')).toBe('')
  })
})

describe('ending', () => {
  test('everybody reads on to the end; the next such question is a fresh call', () => {
    expect(play('a b whole +a +b', direct).effects.slice(2)).toEqual(['close, finish a+b whole', '', 'discard'])
    expect(last('a whole b')).toBe('refuse b over')
    expect(last('a whole +a b')).toBe('refuse b over')
    expect(kindAfter('a whole +a')).toBe('gone')
  })

  test('a failure reaches everybody, and is kept for nobody', () => {
    for (const policy of [direct, background]) {
      expect(play('a b failed +a +b', policy).effects.slice(2)).toEqual(['close, finish a+b failed', '', 'discard'])
      expect(last('a b failed c', policy)).toBe('refuse c over')
      expect(last('a b failed -a +b', policy)).toBe('discard')
    }
    expect(last('a -a failed', background)).toBe('close, discard')
  })

  test('of a flight whose start is lost closes nothing twice', () => {
    expect(last('a broken whole')).toBe('finish a whole')
    expect(last('a broken whole', background)).toBe('finish a whole')
    expect(last('a broken failed')).toBe('finish a failed')
  })

  test('comes once', () => {
    expect([last('a whole failed'), last('a whole whole'), last('a whole began')]).toEqual(['', '', ''])
  })

  test('a reader that stands still is dropped: soon after a failure, later after a whole answer', () => {
    expect(last('a b whole @39')).toBe('')
    expect(last('a b whole @30 ~b @40')).toBe('drop a stalled')
    expect(last('a b whole @30 ~b @70')).toBe('drop a stalled, drop b stalled, discard')
    expect(last('a failed @9')).toBe('')
    expect(last('a failed @10')).toBe('drop a stalled, discard')
  })

  test('a reader that the log cut off is dropped, one that is not there is not', () => {
    expect(last('a b whole !a')).toBe('drop a lagged')
    expect(last('a b whole !x')).toBe('')
    expect(last('a b whole ~x')).toBe('')
  })
})

describe('lingering', () => {
  test('an answer that everybody has got is over: who asks again wants a new one', () => {
    expect(last('a b whole +a +b', background)).toBe('close, discard')
    expect(last('a b whole +a +b c', background)).toBe('refuse c over')
  })

  test('an answer that somebody missed waits for the retry', () => {
    expect(kindAfter('a -a whole', background)).toBe('lingering')
    expect(last('a -a whole a2', background)).toBe('attach a2 follower, finish a2 whole')
    expect(last('a -a whole a2 +a2', background)).toBe('close, discard')
    expect(kindAfter('a b whole +a -b', background)).toBe('lingering')
    expect(kindAfter('a b -b whole +a', background)).toBe('lingering')
    expect(kindAfter('a b !b whole +a', background)).toBe('lingering')
    expect(kindAfter('a b @100 whole +a', background)).toBe('lingering')
    expect(kindAfter('a b whole @40 +a', background)).toBe('lingering')
  })

  test('it waits for as many retries as there were early leavers', () => {
    expect(kindAfter('a b -a -b whole a2 +a2', background)).toBe('lingering')
    expect(last('a b -a -b whole a2 +a2 b2 +b2', background)).toBe('close, discard')
    expect(last('a b -a a2 whole +b +a2', background)).toBe('close, discard')
    expect(last('a -a a2 whole +a2', background)).toBe('close, discard')
    expect(kindAfter('a -a whole a2 -a2', background)).toBe('lingering')
  })

  test('for a limited time, even while somebody still reads', () => {
    expect(last('a -a whole @49', background)).toBe('')
    expect(last('a -a whole @50', background)).toBe('close, discard')
    expect(last('a b -a whole @30 ~b @49 c', background)).toBe('attach c follower, finish c whole')
    expect(last('a b -a whole @30 ~b @50', background)).toBe('close')
    expect(last('a b -a whole @30 ~b @50 c', background)).toBe('refuse c over')
    expect(last('a b -a whole @30 ~b @50 +b', background)).toBe('discard')
  })

  test('a retry that comes too late is refused even if no tick came before it', () => {
    const late = { nowMs: 50, roll: 0 }
    const arrived: FlightEvent = { kind: 'arrived', consumer: 'z' }
    const kinds = (script: string): string[] =>
      stepFlight(play(script, background).state, arrived, late, background).effects.map(({ kind }) => kind)
    expect(kinds('a -a whole')).toEqual(['close', 'discard', 'refuse'])
    expect(kinds('a b -a whole')).toEqual(['close', 'refuse'])
  })

  test('while somebody reads, newcomers are let in too', () => {
    expect(last('a whole b', background)).toBe('attach b follower, finish b whole')
    expect(last('a whole b +a +b', background)).toBe('close, discard')
  })

  test('not when memory is short', () => {
    expect(last('a -a whole evicted', background)).toBe('close, discard')
    expect(last('a b -a whole evicted', background)).toBe('close')
    expect(last('a b -a whole evicted +b', background)).toBe('discard')
    expect(last('a b -a whole broken', background)).toBe('close')
    expect(last('a whole evicted')).toBe('')
    expect(last('a -a whole broken', background)).toBe('close, discard')
  })

  test('not without a time for it, and not in direct life', () => {
    expect(last('a -a whole', { ...background, lingerMs: 0 })).toBe('close, discard')
    expect(last('a b -b whole +a')).toBe('discard')
  })

  test('hears nothing else', () => {
    const before = play('a -a whole', background).state
    for (const word of ['-x', '+x', '!x', '~x', 'began', 'failed']) {
      expect(play(`a -a whole ${word}`, background).state).toEqual(before)
    }
  })
})

test('what is gone stays gone', () => {
  for (const word of ['began', 'whole', 'broken', 'evicted', '-a', '+a', '~a', '!a', '@5']) {
    expect([last(`a -a ${word}`), kindAfter(`a -a ${word}`)]).toEqual(['', 'gone'])
  }
  expect(last('a -a b')).toBe('refuse b over')
})

test.each([
  ['a', direct, undefined],
  ['a @10 b @20 c', direct, 110],
  ['a @10 b began', direct, undefined],
  ['a b whole', direct, 40],
  ['a b whole @5 ~a', direct, 40],
  ['a b whole @5 ~a @6 ~b', direct, 45],
  ['a b failed', direct, 10],
  ['a @10 b -b whole', background, 50],
  ['a @10 b whole @30 ~a ~b', background, 60],
  ['a -a', background, undefined],
  ['a -a @10 whole', background, 60],
  ['a -a', direct, undefined],
])('after "%s" the next tick is due at the right time', (script, policy, deadlineMs) => {
  expect(nextFlightDeadlineMs(play(script, policy).state, policy)).toBe(deadlineMs)
})

test('an idle flight needs no tick', () => {
  expect(nextFlightDeadlineMs({ kind: 'idle' }, direct)).toBeUndefined()
})
