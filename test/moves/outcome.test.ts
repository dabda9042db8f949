import { describe, expect, test } from 'vitest';
import {
  InterruptedError,
  LockedError,
  PartialError,
  RefusedError,
  UnsafeError,
} from '../../src/common/errors.ts';
import { exitCode } from '../../src/common/exit-codes.ts';
import { isAbort, outcomeOf, reasonOf, reasonText } from '../../src/moves/outcome.ts';
import { NotReadyError } from '../../src/sides/start-side.ts';

const going = new AbortController().signal;
const endedBy = (reason: unknown): AbortSignal => AbortSignal.abort(reason);
const abort = new DOMException('This operation was aborted', 'AbortError');

const NOT_READY = new NotReadyError(
  'Namespace shop of context home is not ready after 300 s: Deployment web.',
);
const TAKEN = new LockedError('The lock is lost: ben@desk has taken it.');
const SILENT = new PartialError('The lock could not be renewed for 60 s.');
const CTRL_C = new InterruptedError('Interrupted by SIGINT.');

describe('what was written decides the exit code', () => {
  test.each<[string, unknown, boolean, AbortSignal, number]>([
    ['B22: a failback that is not ready in time', NOT_READY, true, going, 4],
    ['B22: the same while the lock went silent', NOT_READY, true, endedBy(SILENT), 4],
    ['a wait that ended as the lock went silent', abort, true, endedBy(SILENT), 4],
    ['a wait that ended as somebody took the lock', abort, true, endedBy(TAKEN), 6],
    ['what failed after somebody took the lock', NOT_READY, true, endedBy(TAKEN), 6],
    ['somebody holds the lock', TAKEN, false, going, 6],
    ['a refusal before the first write', new RefusedError('No.'), false, going, 3],
    ['a refusal after a write', new RefusedError('No.'), true, going, 4],
    ['a doubt before the first write', new UnsafeError('No.'), false, going, 7],
    ['a doubt after a write', new UnsafeError('No.'), true, going, 4],
    ['a bug before the first write', new TypeError('x is undefined'), false, going, 70],
    ['a bug after a write', new TypeError('x is undefined'), true, going, 4],
    ['Ctrl-C before the first write', abort, false, endedBy(CTRL_C), 130],
    ['Ctrl-C after a write', abort, true, endedBy(CTRL_C), 130],
    ['what failed because of Ctrl-C', new RefusedError('No.'), true, endedBy(CTRL_C), 130],
  ])('%s', (_what, error, written, signal, code) => {
    expect(exitCode(outcomeOf({ error, written, signal }))).toBe(code);
  });
});

describe('the reason of an ending', () => {
  test('is why the signal aborted, where that cut something off', () => {
    expect(reasonOf(abort, endedBy(SILENT))).toBe(SILENT);
    expect(reasonText(abort, endedBy(CTRL_C))).toBe('Interrupted by SIGINT.');
  });

  test('is the error itself, when the signal had nothing to do with it', () => {
    expect(reasonOf(abort, going)).toBe(abort);
    expect(reasonOf(NOT_READY, endedBy(SILENT))).toBe(NOT_READY);
    expect(reasonText('plain text', going)).toBe('plain text');
  });

  test.each<[unknown, boolean]>([
    [abort, true],
    [new DOMException('too late', 'TimeoutError'), false],
    [new Error('AbortError'), false],
    [{ name: 'AbortError' }, false],
  ])('%s only says that something was cut off: %s', (error, is) => {
    expect(isAbort(error)).toBe(is);
  });
});
