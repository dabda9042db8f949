import { describe, expect, it } from 'vitest';
import { InterruptedError, LockedError, PartialError } from '../../src/common/errors.ts';
import { failureOfNetwork, failureOfResponse } from '../../src/kube/api-errors.ts';
import { patienceWith, stoppedBeforeWrites, stoppedEarly, stopReason } from '../../src/stage/stopping.ts';

describe('why a run stops', () => {
  it.each<[string, unknown, string, string]>([
    ['a signal', new InterruptedError('Interrupted by SIGINT.'), 'interrupted', 'Interrupted by SIGINT'],
    ['a lost lock', new PartialError('The lock was lost.'), 'partial', 'The lock was lost'],
    ['the lock of another', new LockedError('Somebody holds the lock.'), 'locked', 'Somebody holds the lock'],
    ['an error of another kind', new TypeError('secret'), 'interrupted', 'Interrupted'],
    ['a text', 'stop', 'interrupted', 'Interrupted'],
    ['nothing', undefined, 'interrupted', 'Interrupted'],
  ])('%s', (_what, reason, exit, why) => {
    const signal = AbortSignal.abort(reason);
    expect(stopReason(signal)).toEqual({ exit, why });
    expect(stoppedBeforeWrites(signal)).toBe(`${why} before the first write; nothing was changed.`);
    expect(stoppedEarly(signal).exit).toBe(exit === 'partial' ? 'partial' : 'interrupted');
  });
});

describe('patience with a server', () => {
  const answer = (status: number) => failureOfResponse(status, '', undefined);
  const silent = failureOfNetwork(new Error('closed'));
  const gone = (...outcomes: Parameters<ReturnType<typeof patienceWith>['saw']>): boolean => {
    const patience = patienceWith(new AbortController().signal);
    for (const outcome of outcomes) patience.saw(outcome);
    return patience.signal.aborted;
  };

  it.each<[string, (ReturnType<typeof answer> | undefined)[], boolean]>([
    ['nothing', [], false],
    ['two without an answer', [silent, silent], false],
    ['three without an answer', [silent, silent, silent], true],
    ['three of a gateway', [answer(502), answer(503), answer(504)], true],
    ['three that are too many', [answer(429), answer(429), answer(429)], true],
    ['three refusals', [answer(403), answer(409), answer(422)], false],
    ['three errors of the server itself', [answer(500), answer(500), answer(500)], false],
    ['a write that went well in between', [silent, silent, undefined, silent, silent], false],
    ['a refusal in between', [silent, silent, answer(403), silent], false],
    ['three after others', [answer(403), undefined, silent, silent, silent], true],
  ])('%s: gone is %s', (_what, outcomes, is) => {
    expect(gone(...(outcomes as Parameters<typeof gone>))).toBe(is);
  });

  it('ends with the run', () => {
    const stop = new AbortController();
    const { signal } = patienceWith(stop.signal);
    expect(signal.aborted).toBe(false);
    stop.abort();
    expect(signal.aborted).toBe(true);
  });
});
