import { type DrError, errorText, isDrError } from '../common/errors.ts';
import type { ExitName } from '../common/exit-codes.ts';
import { isKubeApiError, type KubeApiError } from '../kube/api-errors.ts';
import { isSilence } from '../moves/source-lost.ts';
import type { StageResult } from '../stage/stage-types.ts';

/** Why a mapping is (not) ready; the closed list of reasons of its conditions. */
type SyncReason =
  | 'InSync'
  | 'Partial'
  | 'Refused'
  | 'Unsafe'
  | 'DestinationLive'
  | 'OperationRunning'
  | 'Yielded'
  | 'SourceUnreachable'
  | 'DestinationUnreachable'
  | 'CredentialsInvalid'
  | 'RightsMissing'
  | 'UnknownType'
  | 'NamespaceMissing'
  | 'EmptySelection'
  | 'SyncTimeout'
  | 'Interrupted'
  | 'Internal';

/**
 * What is waited for before the next try. `backoff`: retryConfig; `lock`: the holder of the lock; `record`: the state
 * record at the destination; `cluster`: its probe; `trigger`: only what triggers a sync anyway; `restart`: nothing, this
 * process ends.
 */
type NextTry = 'trigger' | 'backoff' | 'lock' | 'record' | 'cluster' | 'restart';

/** What came of a sync, for status, metrics and the next try. */
export interface SyncVerdict {
  readonly reason: SyncReason;
  readonly message: string;
  /** What Ready says; undefined leaves it as it is. */
  readonly ready: 'True' | 'False' | undefined;
  /** It cannot end better before somebody changes something. */
  readonly isStalled: boolean;
  readonly next: NextTry;
  /** The side that did not answer. */
  readonly silent?: 'source' | 'dest' | undefined;
}

/** How a sync ended: with a result, or with what was thrown before there was one. */
export type SyncEnd = { readonly result: StageResult } | { readonly error: unknown };

/**
 * Table 2.2: what each end of a stage means for its mapping. `sides` are the names of the clusters, as errors have them;
 * `isTimeout` says that the sync took longer than it may. Pure.
 */
export const judgeSync = (
  end: SyncEnd,
  sides: { readonly source: string; readonly dest: string },
  isTimeout: boolean,
): SyncVerdict => {
  if ('result' in end) return judgeResult(end.result, isTimeout);
  const { error } = end;
  const api = apiErrorIn(error);
  if (api !== undefined) return judgeApiError(api, sides);
  if (!isDrError(error))
    return verdict('Internal', `Internal error in dr-syncer: ${errorText(error)}`, 'backoff', 'False');
  return judgeError(error, isTimeout);
};

const verdict = (
  reason: SyncReason,
  message: string,
  next: NextTry,
  ready: SyncVerdict['ready'],
  isStalled = false,
): SyncVerdict => ({ reason, message, ready, isStalled, next });

const judgeResult = (
  { outcome, summary, findings, objects }: StageResult,
  isTimeout: boolean,
): SyncVerdict => {
  const first = findings.find(({ level }) => level === 'refuse')?.message;
  const refused = objects.find(({ action }) => action === 'refused' || action === 'failed');
  const why = first ?? (refused && `${refused.kind} ${refused.name}: ${refused.reason}`);
  const message = why === undefined || summary.includes(why) ? summary : `${summary} ${why}`;
  if (isTimeout && outcome !== 'ok') return verdict('SyncTimeout', message, 'backoff', 'False');
  return byOutcome(outcome, message);
};

const byOutcome = (outcome: ExitName, message: string): SyncVerdict => {
  switch (outcome) {
    case 'ok':
      return verdict('InSync', message, 'trigger', 'True');
    case 'refused':
      return verdict('Refused', message, 'trigger', 'False');
    case 'locked':
      return verdict('Yielded', message, 'lock', undefined);
    case 'unsafe':
      return verdict('Unsafe', message, 'backoff', 'False');
    case 'usage':
      return verdict('Refused', message, 'trigger', 'False', true);
    case 'interrupted':
      return verdict('Interrupted', message, 'restart', undefined);
    default:
      return verdict('Partial', message, 'backoff', 'False');
  }
};

// The error of a request may be inside the one that says what it means for the run.
const apiErrorIn = (error: unknown): KubeApiError | undefined => {
  if (isKubeApiError(error)) return error;
  return error instanceof Error && error.cause !== undefined ? apiErrorIn(error.cause) : undefined;
};

const judgeApiError = (
  error: KubeApiError,
  sides: { readonly source: string; readonly dest: string },
): SyncVerdict => {
  const { status } = error.failure;
  const side = error.context === sides.source ? 'source' : 'dest';
  if (isSilence(error.failure)) {
    const reason = side === 'source' ? 'SourceUnreachable' : 'DestinationUnreachable';
    return { ...verdict(reason, error.message, 'cluster', 'False'), silent: side };
  }
  if (status === 401) return verdict('CredentialsInvalid', withHint(error), 'backoff', 'False', true);
  if (status === 403) return verdict('RightsMissing', withHint(error), 'trigger', 'False', true);
  return verdict('Partial', error.message, 'backoff', 'False');
};

const withHint = ({ message, hint }: DrError): string =>
  hint === undefined ? message : `${message} ${hint}`;

const judgeError = (error: DrError, isTimeout: boolean): SyncVerdict => {
  const text = withHint(error);
  if (error.about === 'DestinationLive') return verdict('DestinationLive', text, 'record', 'False');
  if (error.about === 'OperationRunning') return verdict('OperationRunning', text, 'record', 'False');
  if (error.about !== undefined) return verdict(error.about, text, 'trigger', 'False', true);
  if (isTimeout) return verdict('SyncTimeout', text, 'backoff', 'False');
  return byOutcome(error.exit, text);
};
