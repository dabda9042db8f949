import { kubectl, type NamedCluster } from '../common/command-line.ts';
import { DrError } from '../common/errors.ts';
import type { ExitName } from '../common/exit-codes.ts';
import { clause } from '../common/sentences.ts';
import { type Refusal, refusalsIn } from './admission-refusals.ts';
import type { Json } from './api-types.ts';
import { isObject, numberAt, objectsAt, parseJson, stringAt } from './raw-json.ts';

/** How a request failed, before anyone decides what that means for the run. */
export interface Failure {
  /** HTTP status, or 0 when there was no complete answer. */
  readonly status: number;
  /** The server's `reason` (`AlreadyExists`, `Conflict`, `Expired`...), or our own word for a network failure. */
  readonly reason: string;
  /** The server's or the network's message, fit to be shown. */
  readonly detail: string;
  readonly causes: readonly { readonly field: string; readonly message: string; readonly reason: string }[];
  /** What it is about, by the server's own words, before anything in them was hidden. */
  readonly about: readonly Refusal[];
  /** Milliseconds that the server asks us to wait (Retry-After). */
  readonly retryAfterMs?: number | undefined;
  /** Whether the request may have taken effect although we saw no answer. */
  readonly outcomeUnknown: boolean;
}

/** A request to an API server failed. `message` is a whole sentence; `failure` is for decisions. */
export class KubeApiError extends DrError {
  readonly type = 'kubernetes-api';
  readonly exit: ExitName = 'refused';
  readonly failure: Failure;
  readonly context: string;

  /** `at` is the cluster as its hints name it. */
  constructor(at: NamedCluster, what: string, failure: Failure, cause?: unknown) {
    super(`Context ${at.context}: ${what} failed: ${describeFailure(failure)}.`, {
      hint: hintFor(at, failure),
      cause,
    });
    this.failure = failure;
    this.context = at.context;
  }

  get status(): number {
    return this.failure.status;
  }

  get reason(): string {
    return this.failure.reason;
  }
}

export const isKubeApiError = (error: unknown): error is KubeApiError => error instanceof KubeApiError;

/** The `reason` of an answer that is not what was asked for. */
export const WRONG_ANSWER = 'WrongAnswer';

/** The failure of a request that was answered by something else than an API server; `why` is a clause. */
export const failureOfAnswer = (
  status: number,
  contentType: string,
  why: string,
  isWrite: boolean,
): Failure => ({
  status: 0,
  reason: WRONG_ANSWER,
  detail: `the response does not look like one from an API server: ${why} (${status} ${contentType || 'without a type'})`,
  causes: [],
  about: [],
  outcomeUnknown: isWrite,
});

/**
 * Whether the API server itself has said that an object is not there. A proxy in front of it says 404 too, when it
 * does not know the way, and so does a server that does not know the type.
 */
export const isNotFound = (error: unknown): error is KubeApiError =>
  hasStatus(error, 404) && error.failure.reason === 'NotFound';

/**
 * Whether a list or a watch failed since its type is not served any more: somebody has removed its definition. What the
 * server itself has, pods above all, is always served; an answer that says otherwise is not the server's.
 */
export const isUnserved = (error: unknown, type: { readonly group: string }): boolean =>
  hasStatus(error, 404) && type.group.includes('.');

/** Whether an error is an API answer with one of these HTTP statuses. */
export const hasStatus = (error: unknown, ...statuses: readonly number[]): error is KubeApiError =>
  isKubeApiError(error) && statuses.includes(error.failure.status);

/**
 * Why server-side apply can never take the object, as a clause; undefined when that is not what failed. The server
 * calls it an internal error (500), and would say the same to every further try; a PUT of the object may pass.
 */
export const whyUnappliable = (failure: Failure): string | undefined => {
  if (failure.about.includes('duplicateKeys')) return 'a list in it has a duplicate key';
  if (failure.about.includes('unknownField')) return 'the destination does not know a field in it';
  return failure.about.includes('untypable') ? 'the destination cannot apply it' : undefined;
};

/** Reads a failed HTTP answer: a Status object when the server sent one, else the start of its text. */
export const failureOfResponse = (status: number, body: string, retryAfter: string | undefined): Failure => {
  const parsed = parseStatus(body);
  const detail = (stringAt(parsed, 'message') ?? body.trim().slice(0, 300)) || `HTTP ${status}`;
  const causes = objectsAt(parsed, 'details', 'causes').map((cause) => ({
    field: stringAt(cause, 'field') ?? '',
    message: stringAt(cause, 'message') ?? '',
    reason: stringAt(cause, 'reason') ?? '',
  }));
  return {
    status,
    reason: stringAt(parsed, 'reason') ?? REASONS[status] ?? `HTTP ${status}`,
    detail,
    causes,
    about: refusalsIn([detail, ...causes.map(({ message }) => message)].join(' ')),
    retryAfterMs: retryAfterMs(retryAfter, numberAt(parsed, 'details', 'retryAfterSeconds')),
    // A gateway or a timeout inside the server may answer after the write was stored.
    outcomeUnknown: status === 500 || status === 502 || status === 503 || status === 504,
  };
};

/** Reads a failure without an answer: refused, reset, TLS, DNS, timeout. */
export const failureOfNetwork = (error: unknown): Failure => {
  const code = networkCode(error);
  const known = NETWORK[code];
  const said = error instanceof Error ? deepest(error).message || error.message : String(error);
  // What Node advises its own users to do is no advice to ours.
  const text = said.replace(/[;,.]?\s*if the root CA is installed locally, try running Node\.js.*$/i, '');
  return {
    status: 0,
    reason: known?.reason ?? (isTlsCode(code) ? 'TLS' : 'Network'),
    detail:
      known === undefined ? `${text}${code === '' ? '' : ` (${code})`}` : `${known.text} (${code}: ${text})`,
    causes: [],
    about: [],
    outcomeUnknown: !NEVER_SENT.has(code) && !isTlsCode(code),
  };
};

const REASONS: Readonly<Record<number, string>> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'PageNotFound',
  405: 'MethodNotAllowed',
  409: 'Conflict',
  410: 'Expired',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  502: 'BadGateway',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

const NETWORK: Readonly<Record<string, { reason: string; text: string }>> = {
  ECONNREFUSED: { reason: 'Refused', text: 'nothing listens at the server address' },
  ECONNRESET: { reason: 'Reset', text: 'the connection was reset' },
  EPIPE: { reason: 'Reset', text: 'the connection was closed while sending' },
  UND_ERR_SOCKET: { reason: 'Reset', text: 'the connection was closed by the other side' },
  ETIMEDOUT: { reason: 'Timeout', text: 'the connection timed out' },
  UND_ERR_CONNECT_TIMEOUT: { reason: 'ConnectTimeout', text: 'the server address does not answer' },
  UND_ERR_HEADERS_TIMEOUT: { reason: 'Timeout', text: 'the server did not answer in time' },
  UND_ERR_BODY_TIMEOUT: { reason: 'Timeout', text: 'the answer stopped in the middle' },
  LATE_START: { reason: 'Timeout', text: 'the lock ran out before the request was sent' },
  REQUEST_TIMEOUT: { reason: 'Timeout', text: 'the request took too long' },
  ENOTFOUND: { reason: 'UnknownHost', text: 'the host name is unknown' },
  EAI_AGAIN: { reason: 'DnsFailure', text: 'the host name could not be looked up' },
  EHOSTUNREACH: { reason: 'Unreachable', text: 'there is no route to the host' },
  ENETUNREACH: { reason: 'Unreachable', text: 'there is no route to the network' },
  CERT_HAS_EXPIRED: { reason: 'TLS', text: "the server's certificate has expired" },
};

// Failures that happen before a byte of the request is sent: a write cannot have taken effect.
const NEVER_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'LATE_START',
]);

const isTlsCode = (code: string): boolean =>
  /CERT|SSL|TLS|UNABLE_TO_|SELF_SIGNED|ALTNAME|EPROTO/.test(code) && !code.startsWith('UND_ERR');

const describeFailure = (failure: Failure): string => {
  const detail = clause(failure.detail);
  return failure.status === 0 ? detail : `${detail} (${failure.status} ${failure.reason})`;
};

const hintFor = (at: NamedCluster, failure: Failure): string | undefined => {
  if (failure.status === 401) {
    return `The server did not accept the credentials; an expired certificate or token looks like this. Check them with: ${kubectl(at, 'auth', 'whoami')}`;
  }
  if (failure.status === 403) {
    return `The command preflight prints the Roles you need. To list your permissions: ${kubectl(at, 'auth', 'can-i', '--list')}`;
  }
  if (failure.reason === 'TLS') {
    if (failure.detail.includes('CERT_HAS_EXPIRED')) {
      return `Renew the certificate of the API server behind context ${at.context}, then run the same command again.`;
    }
    return /expired/i.test(failure.detail)
      ? 'Renew the client certificate named in the kubeconfig, then run the same command again.'
      : `Check certificate-authority and tls-server-name of the cluster behind context ${at.context}.`;
  }
  if (failure.reason === 'Credentials') {
    return `kubectl uses the same credentials; try them with: ${kubectl(at, 'auth', 'whoami')}`;
  }
  if (failure.detail.includes('REQUEST_TIMEOUT')) {
    return `If the server is slow, raise --request-timeout. Check that it answers: ${kubectl(at, 'version')}`;
  }
  if (failure.status === 0) return `Check that the server answers: ${kubectl(at, 'version')}`;
  return undefined;
};

const parseStatus = (body: string): Json | undefined => {
  if (!body.startsWith('{')) return undefined;
  try {
    const parsed = parseJson(body);
    return isObject(parsed) && parsed.kind === 'Status' ? parsed : undefined;
  } catch {
    return undefined;
  }
};

const retryAfterMs = (header: string | undefined, seconds: number | undefined): number | undefined => {
  if (header !== undefined && /^\d+$/.test(header)) return Number(header) * 1000;
  if (header !== undefined && !Number.isNaN(Date.parse(header))) {
    return Math.max(0, Date.parse(header) - Date.now());
  }
  return seconds === undefined ? undefined : seconds * 1000;
};

const deepest = (error: Error): Error => (error.cause instanceof Error ? deepest(error.cause) : error);

const networkCode = (error: unknown): string => {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const code = (at as Error & { code?: unknown }).code;
    if (typeof code === 'string') return code;
    if (at instanceof AggregateError && at.errors.length > 0) return networkCode(at.errors[0]);
  }
  return '';
};
