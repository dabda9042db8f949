import { drSyncer, type PairNames } from '../common/command-line.ts';
import { PartialError, RefusedError, UnsafeError } from '../common/errors.ts';
import { own } from '../kube/raw-json.ts';
import type { OperationKind, StateRecord } from '../state/record-types.ts';
import { wordsOfRecord } from '../state/recorded-executables.ts';

/** The command line of a verb for this pair, with further flags. */
export type NextCommand = (verb: string, ...words: readonly string[]) => string;

/** The commands of a pair. Pure. */
export const nextFor =
  (pair: PairNames): NextCommand =>
  (verb, ...words) =>
    drSyncer(verb, pair, ...words);

/**
 * Whether an operation may begin as the record stands. Throws PartialError while another one is unfinished,
 * RefusedError when the application is not where the operation would take it from, and UnsafeError when the source
 * was declared lost and not fenced since. `next` gives the command line of a verb for this pair. Pure.
 */
export const admit = (
  kind: OperationKind,
  record: StateRecord | undefined,
  next: NextCommand,
  { fencesDest = false }: { readonly fencesDest?: boolean } = {},
): void => {
  const operation = record?.operation;
  if (operation !== undefined && kind !== 'failover') {
    throw new PartialError(
      `A ${operation.kind} is unfinished: operation ${operation.id}, started ${operation.startedAt} by ${record?.by}.`,
      {
        hint: `Continue with: ${next('resume', ...wordsOfRecord(operation))}   or roll back with: ${next('rollback')}`,
      },
    );
  }
  const phase = record?.phase ?? 'standby';
  // What is to be stopped there was looked at already.
  if (kind === 'fence' && fencesDest) return;
  own(RULES, kind)?.(phase, record, next);
};

/**
 * Throws UnsafeError when a cutover would take an application out of the destination to which another one has brought
 * it, back to where it came from: that is what a failback is for, which knows its counts. `record` is the one that the
 * source of this cutover holds as a destination. Pure.
 */
export const refuseReversed = (
  record: StateRecord | undefined,
  dest: { readonly context: string; readonly namespace: string; readonly clusterUid: string | undefined },
  failback: string,
): void => {
  if (record === undefined || record.phase === 'standby') return;
  const { source } = record;
  const isSameCluster =
    source.clusterUid === undefined || dest.clusterUid === undefined
      ? source.context === dest.context
      : source.clusterUid === dest.clusterUid;
  if (!isSameCluster || source.namespace !== dest.namespace) return;
  throw new UnsafeError(
    `This is the wrong direction: the application came from namespace ${dest.namespace} of context ${dest.context} by a cutover (epoch ${record.epoch}, since ${record.since}).`,
    { hint: `Fail back with: ${failback}` },
  );
};

type Rule = (phase: StateRecord['phase'], record: StateRecord | undefined, next: NextCommand) => void;

const RULES: Readonly<Partial<Record<OperationKind, Rule>>> = {
  cutover: (phase, record, next) => {
    refuseFence(record, next);
    if (phase === 'active') {
      throw new RefusedError(
        `The destination is already live, since ${record?.since} (epoch ${record?.epoch}).`,
        {
          hint: `Fail back with: ${next('failback')}`,
        },
      );
    }
  },
  failback: (phase, record, next) => {
    refuseFence(record, next);
    if (phase !== 'active') {
      throw new RefusedError('The destination is not live, so there is nothing to fail back.', {
        hint: `To see which side is live: ${next('status')}`,
      });
    }
  },
  failover: (phase, record, next) => {
    if (phase === 'active') {
      throw new RefusedError(
        `The destination is already live, since ${record?.since} (epoch ${record?.epoch}).`,
        {
          hint: `To see which side is live: ${next('status')}`,
        },
      );
    }
  },
  fence: (phase, record, next) => {
    // A source that something has started again after a cutover is stopped in the same way.
    if (record?.pendingFence === undefined && phase !== 'active') {
      throw new RefusedError(
        `The destination is not the live side (it is ${phase}), nothing that is parked there runs, and no fence is pending, so both sides are left alone.`,
        {
          hint: `To see which side is live: ${next('status')}`,
        },
      );
    }
  },
};

const refuseFence = (record: StateRecord | undefined, next: NextCommand): void => {
  if (record?.pendingFence === undefined) return;
  throw new UnsafeError(
    `The source was declared lost ${record.pendingFence.since} (${record.pendingFence.reason}) and has not been fenced: it may still run.`,
    { hint: `Stop and mark it first: ${next('fence')}` },
  );
};
