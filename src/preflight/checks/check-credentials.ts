import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { errorText } from '../../common/errors.ts';
import type { KubeContext } from '../../kube/contexts.ts';
import { numberAt, parseJson } from '../../kube/raw-json.ts';
import type { Finding } from '../../needs/findings.ts';
import { finding } from '../../needs/findings.ts';
import { ageText } from '../../state/time-text.ts';
import type { CheckRow } from '../preflight-types.ts';

/** Whether the credentials of both sides outlive the move. */
export const checkCredentials: CheckRow = {
  id: 'credentials',
  passed: 'The credentials stay valid for longer than the move.',
  run: ({ input: { contexts, source, dest, expectedSeconds } }) =>
    [source, dest].flatMap((side) => {
      const context = side === undefined ? undefined : contexts[side.role];
      if (side === undefined || context === undefined) return [];
      const nowMs = side.cluster.now();
      // Whoever writes a token file renews it in time; only one that has ended says that nobody does.
      const expiries = expiriesOf(context).filter(
        ({ what, at }) => !(context.hasTokenFile && what === 'token' && at !== undefined && at > nowMs),
      );
      return expiryRows(context.name, expiries, nowMs, expectedSeconds);
    }),
};

/** A credential of a kubeconfig user: what it is and when it ends, in ms; `at` is undefined when it does not say. */
export interface Expiry {
  readonly what: string;
  readonly at: number | undefined;
  /** Why it cannot be told. */
  readonly problem?: string;
}

/** What there is to say about credentials that end. Times are ms; `nowMs` is the server's clock. Pure. */
export const expiryRows = (
  context: string,
  expiries: readonly Expiry[],
  nowMs: number,
  expectedSeconds: number,
): Finding[] =>
  expiries.flatMap(({ what, at, problem }) => {
    const subject = `context ${context}`;
    if (problem !== undefined)
      return [
        finding(
          'credentials',
          'unknown',
          subject,
          `Cannot determine when the ${what} of context ${context} expires: ${problem}.`,
        ),
      ];
    if (at === undefined) return [];
    const leftMs = at - nowMs;
    const hint = `Renew it in the kubeconfig first.`;
    const end = `The ${what} of context ${context}`;
    if (leftMs <= 0)
      return [finding('credentials', 'refuse', subject, `${end} expired ${ageText(-leftMs)} ago.`, hint)];
    const times = `expires in ${ageText(leftMs)}, and the move is expected to take ${ageText(expectedSeconds * 1000)}`;
    if (leftMs <= expectedSeconds * 1000)
      return [finding('credentials', 'refuse', subject, `${end} ${times}.`, hint)];
    // A move may take longer than expected, and a rollback comes after it.
    if (leftMs <= expectedSeconds * 3000 + MARGIN_MS)
      return [
        finding(
          'credentials',
          'warn',
          subject,
          `${end} ${times}: a longer wait or a rollback may last longer.`,
          hint,
        ),
      ];
    return [];
  });

const MARGIN_MS = 10 * 60_000;

/** The credentials that the user of a context has in its kubeconfig. Reads its files; runs no plugin. */
export const expiriesOf = (context: KubeContext): Expiry[] => {
  const user = context.load().getCurrentUser();
  if (user === null) return [];
  const certificate = (): string | undefined =>
    user.certData !== undefined
      ? Buffer.from(user.certData, 'base64').toString('utf8')
      : user.certFile === undefined
        ? undefined
        : readFileSync(user.certFile, 'utf8');
  return [
    ...expiryFrom('client certificate', certificate, certificateEnd),
    ...expiryFrom('token', () => user.token, tokenEnd),
  ];
};

/** When a PEM certificate ends, in ms. Throws when it is none. */
const certificateEnd = (pem: string): number => new X509Certificate(pem).validToDate.getTime();

/** When a bearer token ends, in ms; undefined when it is no JWT or names no end. See RFC 7519. */
export const tokenEnd = (token: string): number | undefined => {
  const parts = token.trim().split('.');
  if (parts.length !== 3) return undefined;
  try {
    const seconds = numberAt(parseJson(Buffer.from(parts[1] ?? '', 'base64url').toString('utf8')), 'exp');
    return seconds === undefined ? undefined : seconds * 1000;
  } catch {
    return undefined;
  }
};

const expiryFrom = (
  what: string,
  read: () => string | undefined,
  endOf: (text: string) => number | undefined,
): Expiry[] => {
  try {
    const text = read();
    return text === undefined || text === '' ? [] : [{ what, at: endOf(text) }];
  } catch (error) {
    // Messages of OpenSSL and of the file system name the file, never its content.
    return [{ what, at: undefined, problem: errorText(error) }];
  }
};
