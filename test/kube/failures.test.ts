import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  failureOfAnswer,
  failureOfNetwork,
  failureOfResponse,
  hasStatus,
  isNotFound,
  isUnserved,
  KubeApiError,
  whyUnappliable,
} from '../../src/kube/api-errors.ts';

const coded = (code: string, message = 'text', cause?: unknown): Error =>
  Object.assign(new Error(message, { cause }), { code });
const status = (more: object): string => JSON.stringify({ kind: 'Status', status: 'Failure', ...more });
const error = (code: number, body: string): KubeApiError =>
  new KubeApiError({ context: 'west' }, 'GET', failureOfResponse(code, body, undefined));

describe('an answer that failed', () => {
  it.each<[string, number, string, string, string]>([
    [
      'a status of the server',
      409,
      status({ reason: 'AlreadyExists', message: 'it exists' }),
      'AlreadyExists',
      'it exists',
    ],
    ['a status without a reason', 409, status({ message: 'it exists' }), 'Conflict', 'it exists'],
    ['a status without a message', 403, status({}), 'Forbidden', '{"kind":"Status","status":"Failure"}'],
    ['no text', 404, '', 'PageNotFound', 'HTTP 404'],
    ['blanks', 502, ' \n ', 'BadGateway', 'HTTP 502'],
    ['a page', 503, '<html>busy</html>', 'ServiceUnavailable', '<html>busy</html>'],
    ['JSON that is no status', 400, '{"error":"x"}', 'HTTP 400', '{"error":"x"}'],
    ['JSON that is cut off', 500, '{"kind":"Status"', 'InternalError', '{"kind":"Status"'],
    ['a number that nobody knows', 499, '', 'HTTP 499', 'HTTP 499'],
  ])('with %s', (_what, code, body, reason, detail) => {
    expect(failureOfResponse(code, body, undefined)).toMatchObject({ status: code, reason, detail });
  });

  it('has no more than the start of a long text', () => {
    expect(failureOfResponse(500, 'x'.repeat(1000), undefined).detail).toBe('x'.repeat(300));
  });

  it('has its causes, whatever is missing of them', () => {
    const causes = [{ field: 'spec.a', message: 'is bad', reason: 'FieldValueInvalid' }, {}, null];
    expect(failureOfResponse(422, status({ message: 'm', details: { causes } }), undefined).causes).toEqual([
      { field: 'spec.a', message: 'is bad', reason: 'FieldValueInvalid' },
      { field: '', message: '', reason: '' },
    ]);
  });

  it.each([
    [400, false],
    [403, false],
    [409, false],
    [429, false],
    [500, true],
    [502, true],
    [503, true],
    [504, true],
  ])('%i may have been written all the same: %s', (code, is) => {
    expect(failureOfResponse(code, '', undefined).outcomeUnknown).toBe(is);
  });
});

describe('the time to wait', () => {
  afterEach(() => void vi.useRealTimers());
  const body = status({ message: 'm', details: { retryAfterSeconds: 7 } });

  // RFC 9110, 10.2.3: Retry-After is a number of seconds or a date.
  it.each<[string, string | undefined, string, number | undefined]>([
    ['seconds of the header', '3', '', 3000],
    ['0 seconds', '0', '', 0],
    ['the header before the body', '3', body, 3000],
    ['the body alone', undefined, body, 7000],
    ['a date that is ahead', 'Thu, 01 Jan 2026 00:00:05 GMT', '', 5000],
    ['a date that has passed', 'Wed, 31 Dec 2025 23:59:00 GMT', '', 0],
    ['what is neither', 'soon', '', undefined],
    ['what is neither, and the body', 'soon', body, 7000],
    ['nothing', undefined, '', undefined],
  ])('is %s', (_what, header, text, ms) => {
    vi.useFakeTimers({ now: Date.parse('2026-01-01T00:00:00Z'), toFake: ['Date'] });
    expect(failureOfResponse(429, text, header).retryAfterMs).toBe(ms);
  });
});

describe('no answer', () => {
  it.each<[string, unknown, string, string, boolean]>([
    [
      'nobody listens',
      coded('ECONNREFUSED'),
      'Refused',
      'nothing listens at the server address (ECONNREFUSED: text)',
      false,
    ],
    [
      'the name is unknown',
      coded('ENOTFOUND'),
      'UnknownHost',
      'the host name is unknown (ENOTFOUND: text)',
      false,
    ],
    [
      'the connection ended',
      coded('ECONNRESET'),
      'Reset',
      'the connection was reset (ECONNRESET: text)',
      true,
    ],
    [
      'the answer did not come',
      coded('UND_ERR_HEADERS_TIMEOUT'),
      'Timeout',
      'the server did not answer in time (UND_ERR_HEADERS_TIMEOUT: text)',
      true,
    ],
    [
      'the certificate is of another',
      coded('ERR_TLS_CERT_ALTNAME_INVALID'),
      'TLS',
      'text (ERR_TLS_CERT_ALTNAME_INVALID)',
      false,
    ],
    ['the code is new', coded('EWHATEVER'), 'Network', 'text (EWHATEVER)', true],
    ['there is no code', new Error('text'), 'Network', 'text', true],
    ['what was thrown is no error', 'text', 'Network', 'text', true],
    [
      'the cause has the code',
      new Error('fetch failed', { cause: coded('ECONNREFUSED', 'deep') }),
      'Refused',
      'nothing listens at the server address (ECONNREFUSED: deep)',
      false,
    ],
    [
      'the first of several has the code',
      new AggregateError([coded('ECONNREFUSED'), coded('ECONNRESET')], 'all failed'),
      'Refused',
      'nothing listens at the server address (ECONNREFUSED: all failed)',
      false,
    ],
  ])('as %s', (_what, thrown, reason, detail, outcomeUnknown) => {
    expect(failureOfNetwork(thrown)).toMatchObject({ status: 0, reason, detail, outcomeUnknown });
  });

  it('gives no advice to users of Node', () => {
    const said =
      'unable to verify the first certificate; if the root CA is installed locally, try running Node.js with --use-system-ca';
    expect(failureOfNetwork(coded('UNABLE_TO_VERIFY_LEAF_SIGNATURE', said)).detail).toBe(
      'unable to verify the first certificate (UNABLE_TO_VERIFY_LEAF_SIGNATURE)',
    );
  });

  it.each([true, false])('that counts: a write (%s) may have been taken by whoever answered', (isWrite) => {
    expect(failureOfAnswer(200, '', 'it is not an object', isWrite)).toMatchObject({
      ...{ status: 0, outcomeUnknown: isWrite },
      detail:
        'the response does not look like one from an API server: it is not an object (200 without a type)',
    });
  });
});

describe('what is not there', () => {
  it.each<[string, unknown, boolean, boolean]>([
    ['the word of the server', error(404, status({ reason: 'NotFound', message: 'm' })), true, true],
    ['the page of a proxy', error(404, 'not found'), false, true],
    ['a refusal', error(403, status({ reason: 'Forbidden', message: 'm' })), false, false],
    ['another error', new Error('404'), false, false],
    ['nothing', undefined, false, false],
  ])('by %s', (_what, thrown, notFound, unserved) => {
    expect(isNotFound(thrown)).toBe(notFound);
    expect(isUnserved(thrown, { group: 'example.com' })).toBe(unserved);
    expect(isUnserved(thrown, { group: 'apps' })).toBe(false);
    expect(isUnserved(thrown, { group: '' })).toBe(false);
    expect(hasStatus(thrown, 404, 410)).toBe(unserved);
  });
});

it.each([
  ['duplicate entries for key [name="a"]', 'a list in it has a duplicate key'],
  ['.spec.a: field not declared in schema', 'the destination does not know a field in it'],
  ['failed to create typed patch object: no', 'the destination cannot apply it'],
  [
    'failed to create typed patch object: .spec.a: field not declared in schema',
    'the destination does not know a field in it',
  ],
  ['no', undefined],
])('%j cannot be applied: %s', (message, why) => {
  expect(whyUnappliable(failureOfResponse(500, status({ message }), undefined))).toBe(why);
});
