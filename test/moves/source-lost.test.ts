import { describe, expect, it } from 'vitest';
import { RefusedError, UnsafeError } from '../../src/common/errors.ts';
import { failureOfNetwork, failureOfResponse, KubeApiError } from '../../src/kube/api-errors.ts';
import { isSilence, isSourceLost, lostSourceError, sourceLostHint } from '../../src/moves/source-lost.ts';

type Input = Parameters<typeof lostSourceError>[1];
const inputOf = (kind: Input['kind']): Input =>
  ({
    kind,
    source: { namespace: 'shop', cluster: { context: 'east' } },
    dest: { namespace: 'shop', cluster: { context: 'west' } },
  }) as unknown as Input;
const silent = (context: string): KubeApiError =>
  new KubeApiError(
    { context },
    'GET',
    failureOfNetwork(Object.assign(new Error('x'), { code: 'ECONNREFUSED' })),
  );
const answered = (status: number): KubeApiError =>
  new KubeApiError({ context: 'east' }, 'GET', failureOfResponse(status, '', undefined));

describe('a source is lost', () => {
  it.each<[string, unknown, boolean]>([
    ['when nothing listens there', silent('east'), true],
    ['and not when nothing listens at the destination', silent('west'), false],
    ['when that is the cause', new Error('a', { cause: new Error('b', { cause: silent('east') }) }), true],
    ['when a gateway says so', answered(502), true],
    ['when it is not available', answered(503), true],
    ['when a gateway waited in vain', answered(504), true],
    ['and not when it fails inside', answered(500), false],
    ['and not when it refuses', answered(403), false],
    ['and not when it has too much to do', answered(429), false],
    ['and not by another error', new Error('silence'), false],
    ['and not by what is no error', 'silence', false],
    ['and not by nothing', undefined, false],
  ])('%s', (_what, error, is) => {
    expect(isSourceLost(error, inputOf('cutover'))).toBe(is);
  });

  it('never without a source that was opened', () => {
    expect(isSourceLost(silent('east'), { source: undefined })).toBe(false);
  });

  it('and not for a certificate that is not believed: that is a kubeconfig', () => {
    expect(isSilence({ status: 0, reason: 'TLS' })).toBe(false);
    expect(isSilence({ status: 0, reason: 'Timeout' })).toBe(true);
  });
});

describe('what to do', () => {
  const failover =
    'If the source is lost, start the destination without it: dr-syncer failover --source-context east --dest-context west -n shop --accept-data-loss';

  it('is a failover for a cutover, which is unsafe without the source', () => {
    const error = lostSourceError(silent('east'), inputOf('cutover'));
    expect(error).toBeInstanceOf(UnsafeError);
    expect(error.message).toMatch(
      /^The source does not answer, so it cannot be seen stopped; nothing was changed\. Context east: GET failed: /,
    );
    expect(error.hint).toBe(failover);
  });

  it('is to wait for a failback, which leaves the application where it is', () => {
    const error = lostSourceError(silent('east'), inputOf('failback'));
    expect(error).toBeInstanceOf(RefusedError);
    expect(error.hint).toMatch(/^The application stays at the destination\. /);
  });

  it('is a failover for a failback that had begun', () => {
    expect(sourceLostHint(inputOf('failback'), true)).toBe(failover);
  });
});
