import { describe, expect, test } from 'vitest';
import {
  InterruptedError,
  LockedError,
  PartialError,
  RefusedError,
  UnsafeError,
  UsageError,
} from '../../src/common/errors.ts';
import type { ExitName } from '../../src/common/exit-codes.ts';
import { judgeSync } from '../../src/controller/judge-sync.ts';
import { type Failure, KubeApiError } from '../../src/kube/api-errors.ts';
import { resultOf, rowOf } from './samples.ts';

const SIDES = { source: 'east', dest: 'west' };

/** Ready, reason, what is waited for, and whether it is stalled. */
const judged = (end: Parameters<typeof judgeSync>[0], isTimeout = false) => {
  const { ready, reason, next, isStalled } = judgeSync(end, SIDES, isTimeout);
  return [ready, reason, next, ...(isStalled ? ['stalled'] : [])];
};

const apiError = (context: string, status: number, reason = '', cause?: unknown): KubeApiError => {
  const failure: Failure = {
    status,
    reason,
    detail: 'said so',
    causes: [],
    about: [],
    outcomeUnknown: false,
  };
  return new KubeApiError({ context }, 'GET namespace shop', failure, cause);
};

describe('a result', () => {
  test.each<[ExitName, unknown[]]>([
    ['ok', ['True', 'InSync', 'trigger']],
    ['partial', ['False', 'Partial', 'backoff']],
    ['refused', ['False', 'Refused', 'trigger']],
    ['locked', [undefined, 'Yielded', 'lock']],
    ['unsafe', ['False', 'Unsafe', 'backoff']],
    ['usage', ['False', 'Refused', 'trigger', 'stalled']],
    ['interrupted', [undefined, 'Interrupted', 'restart']],
  ])('that is %s', (outcome, verdict) => {
    expect(judged({ result: resultOf({ outcome }) })).toEqual(verdict);
  });

  test('that took too long is one of its own kind, unless it was complete', () => {
    expect(judged({ result: resultOf({ outcome: 'partial' }) }, true)).toEqual([
      'False',
      'SyncTimeout',
      'backoff',
    ]);
    expect(judged({ result: resultOf({ outcome: 'interrupted' }) }, true)).toEqual([
      'False',
      'SyncTimeout',
      'backoff',
    ]);
    expect(judged({ result: resultOf() }, true)).toEqual(['True', 'InSync', 'trigger']);
  });

  test('says which object it was about, once', () => {
    const objects = [
      rowOf(),
      rowOf({ action: 'refused', kind: 'Pod', name: 'web', reason: 'no such class' }),
    ];
    const { message } = judgeSync(
      { result: resultOf({ outcome: 'refused', summary: 'Refused.', objects }) },
      SIDES,
      false,
    );
    expect(message).toBe('Refused. Pod web: no such class');
    const summary = 'Refused: Pod web: no such class';
    expect(
      judgeSync({ result: resultOf({ outcome: 'refused', summary, objects }) }, SIDES, false).message,
    ).toBe(summary);
  });
});

describe('an error of ours', () => {
  test.each<[string, Error, unknown[]]>([
    ['refused', new RefusedError('no'), ['False', 'Refused', 'trigger']],
    ['usage', new UsageError('no'), ['False', 'Refused', 'trigger', 'stalled']],
    ['locked', new LockedError('no'), [undefined, 'Yielded', 'lock']],
    ['partial', new PartialError('no'), ['False', 'Partial', 'backoff']],
    ['unsafe', new UnsafeError('no'), ['False', 'Unsafe', 'backoff']],
    ['interrupted', new InterruptedError('no'), [undefined, 'Interrupted', 'restart']],
    ['live', new UnsafeError('no', { about: 'DestinationLive' }), ['False', 'DestinationLive', 'record']],
    ['busy', new RefusedError('no', { about: 'OperationRunning' }), ['False', 'OperationRunning', 'record']],
    [
      'no namespace',
      new RefusedError('no', { about: 'NamespaceMissing' }),
      ['False', 'NamespaceMissing', 'trigger', 'stalled'],
    ],
    [
      'no type',
      new UsageError('no', { about: 'UnknownType' }),
      ['False', 'UnknownType', 'trigger', 'stalled'],
    ],
    [
      'nothing',
      new UsageError('no', { about: 'EmptySelection' }),
      ['False', 'EmptySelection', 'trigger', 'stalled'],
    ],
  ])('%s', (_what, error, verdict) => {
    expect(judged({ error })).toEqual(verdict);
  });

  test('that came of the time limit', () => {
    expect(judged({ error: new PartialError('too long') }, true)).toEqual([
      'False',
      'SyncTimeout',
      'backoff',
    ]);
  });

  test('brings its hint', () => {
    const error = new UnsafeError('Live.', { hint: 'dr-syncer failback', about: 'DestinationLive' });
    expect(judgeSync({ error }, SIDES, false).message).toBe('Live. dr-syncer failback');
  });
});

describe('a request that failed', () => {
  test.each<[string, KubeApiError, unknown[]]>([
    ['nothing answers', apiError('east', 0, 'ECONNREFUSED'), ['False', 'SourceUnreachable', 'cluster']],
    ['a proxy answers', apiError('west', 503), ['False', 'DestinationUnreachable', 'cluster']],
    ['the certificate is another one', apiError('east', 0, 'TLS'), ['False', 'Partial', 'backoff']],
    ['401', apiError('east', 401), ['False', 'CredentialsInvalid', 'backoff', 'stalled']],
    ['403', apiError('west', 403), ['False', 'RightsMissing', 'trigger', 'stalled']],
    ['500', apiError('west', 500), ['False', 'Partial', 'backoff']],
  ])('%s', (_what, error, verdict) => {
    expect(judged({ error })).toEqual(verdict);
  });

  test('is found inside the error that says what it means, with the side that is silent', () => {
    const error = new RefusedError('The source does not answer.', {
      cause: apiError('east', 0, 'ETIMEDOUT'),
    });
    expect(judgeSync({ error }, SIDES, false)).toMatchObject({
      reason: 'SourceUnreachable',
      silent: 'source',
    });
    expect(judgeSync({ error: apiError('west', 504) }, SIDES, false)).toMatchObject({ silent: 'dest' });
  });
});

test('anything else is a bug of ours, and is tried again', () => {
  expect(judged({ error: new TypeError('x is undefined') })).toEqual(['False', 'Internal', 'backoff']);
  expect(judgeSync({ error: 'thrown text' }, SIDES, false).message).toBe(
    'Internal error in dr-syncer: thrown text',
  );
});
