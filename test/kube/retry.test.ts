import { describe, expect, it } from 'vitest';
import { type Failure, failureOfResponse, KubeApiError } from '../../src/kube/api-errors.ts';
import { backoffMs, DEFAULT_RETRY, isRetryable, withRetry } from '../../src/kube/retry.ts';

const failure = (status: number, more: Partial<Failure> = {}): Failure => ({
  status,
  reason: '',
  detail: '',
  causes: [],
  about: [],
  outcomeUnknown: false,
  ...more,
});
const POLICY = { ...DEFAULT_RETRY, baseMs: 1, capMs: 4, random: () => 0.5 };

describe('what is sent again', () => {
  it.each([429, 500, 502, 503, 504])('a request that met a %i', (status) => {
    expect(isRetryable(failure(status))).toBe(true);
  });

  it.each(['Refused', 'Reset', 'Timeout', 'DnsFailure'])('a request that ended in %s', (reason) => {
    expect(isRetryable(failure(0, { reason }))).toBe(true);
  });

  it.each([400, 401, 403, 404, 409, 410, 422])('not one that met a %i', (status) => {
    expect(isRetryable(failure(status))).toBe(false);
  });

  it.each(['TLS', 'UnknownHost', 'Unreachable'])('not one that ended in %s', (reason) => {
    expect(isRetryable(failure(0, { reason }))).toBe(false);
  });

  it('A22: not one whose object can never be applied, although the server calls that an internal error', () => {
    const body = JSON.stringify({
      kind: 'Status',
      message:
        'failed to create typed patch object (/a; apps/v1, Kind=Deployment): .spec: duplicate entries for key [name="A"]',
    });
    expect(isRetryable(failureOfResponse(500, body, undefined))).toBe(false);
  });
});

describe('how long is waited', () => {
  it('doubles up to the cap, with at least half of it fixed', () => {
    const times = [1, 2, 3, 4, 9].map((attempt) => backoffMs(attempt, failure(503), POLICY));
    expect(times).toEqual([0.75, 1.5, 3, 3, 3]);
  });

  it('is never less than the server asks, and never more than a minute', () => {
    expect(backoffMs(1, failure(429, { retryAfterMs: 7000 }), POLICY)).toBe(7000);
    expect(backoffMs(1, failure(429, { retryAfterMs: 3_600_000 }), POLICY)).toBe(60_000);
  });
});

describe('how often it is tried', () => {
  const tries = async (met: Failure): Promise<number> => {
    let count = 0;
    const attempt = async (): Promise<never> => {
      count++;
      throw new KubeApiError({ context: 'here' }, 'trying', met);
    };
    await expect(withRetry(attempt, { policy: POLICY })).rejects.toThrow('Context here: trying failed');
    return count;
  };

  it('seven times with answers, five times without, once where it is no use', async () => {
    expect(await tries(failure(503))).toBe(7);
    expect(await tries(failure(0, { reason: 'Refused' }))).toBe(5);
    expect(await tries(failure(403))).toBe(1);
  });
});
