import { errorText } from '../common/errors.ts';
import type { Reporter } from '../common/reporter.ts';
import { mapBounded } from '../kube/map-bounded.ts';
import { type Board, createBoard } from './copy-board.ts';
import { cleanupLeftovers, type Leftovers, type MoverPod } from './copy-leftovers.ts';
import { reportResult, whyFailed, whyFailedInShort } from './copy-texts.ts';
import { endProcess } from './end-process.ts';
import type { Mover } from './find-mover.ts';
import type { FollowedCopy } from './lost-copy.ts';
import { moverId } from './mover-id.ts';
import type {
  ClaimPair,
  ClaimResult,
  Clock,
  MoverEvent,
  MoverOptions,
  MoverRecord,
  ProcessControl,
  Verification,
} from './mover-types.ts';
import { moverValuesText } from './mover-values-file.ts';
import { withPrivateDir } from './private-dir.ts';
import { type MoverOutcome, runMover } from './pv-migrate.ts';
import { copyArgs, type SideFiles } from './pv-migrate-args.ts';

/** How the mover reaches one cluster: the text of a kubeconfig that holds the context, and its name. */
export interface ClusterAccess {
  readonly kubeconfig: string;
  readonly context: string;
}

export interface MoveRequest {
  readonly operationId: string;
  readonly mover: Mover;
  readonly source: ClusterAccess;
  readonly dest: ClusterAccess;
  readonly options: MoverOptions;
  /** Records of earlier runs of this operation, from the journal: what they left is removed first. */
  readonly previous?: readonly MoverRecord[] | undefined;
}

export interface MoveDeps {
  readonly reporter: Reporter;
  readonly clock: Clock;
  readonly control: ProcessControl;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: (claim: string, event: MoverEvent) => void;
  /** Before the process starts (no pid yet), so that the id is on record whatever happens next. */
  readonly onStarting?: (record: MoverRecord) => Promise<void>;
  readonly onStarted?: (record: MoverRecord) => Promise<void>;
  readonly onFinished?: (result: ClaimResult) => Promise<void>;
  /** Follows the pods of a copy, by its id, while its program runs: a copy that is lost is stopped and has failed. */
  readonly follow?: (id: string) => FollowedCopy;
  /** Removes what copies that are over have left in the clusters; called once, before the first claim is copied. */
  readonly removeLeft?: () => Promise<void>;
  /** Waits until no mover pod of any earlier copy uses the claims; returns those that do. See waitForMoverPods(). */
  readonly waitUnused?: (pair: ClaimPair) => Promise<readonly MoverPod[]>;
  /** Compares both sides after the copy; a difference makes the claim failed. */
  readonly verify?: (pair: ClaimPair) => Promise<Verification>;
  /** Added to the timeouts of the mover when it is stopped; 60 s unless told. */
  readonly extraGraceMs?: number | undefined;
  /** Folder for the private directory; the system's one for temporary files unless told. */
  readonly tempDir?: string | undefined;
  readonly runtimeDir?: string | undefined;
}

// What a stopped mover needs besides its own two timeouts: it collects diagnostics for up to 15 s and uninstalls.
const EXTRA_GRACE_MS = 60_000;

// rsync passes over files whose size and time are the same, whatever is in them.
const REPAIR =
  ". To copy files by content even if size and time match, resume with --pv-migrate-flags '--rsync-extra-args --checksum'";

/**
 * Copies claims, at most `options.concurrency` at once, and returns one result per pair in the order given. One
 * claim's failure does not keep the others from being copied. After an abort the copies under way are interrupted
 * and waited for, and those that have not begun are skipped. Throws UsageError or RefusedError about the options before
 * anything runs, and at the end the first error of `onFinished`.
 */
export const moveClaims = async (
  pairs: readonly ClaimPair[],
  request: MoveRequest,
  deps: MoveDeps,
): Promise<ClaimResult[]> =>
  withPrivateDir(
    async (dir) => {
      const { options, mover } = request;
      const session: Session = {
        request,
        deps,
        values: await dir.write('values.yaml', moverValuesText(options, mover.dialect)),
        source: {
          kubeconfig: await dir.write('source-kubeconfig', request.source.kubeconfig),
          context: request.source.context,
        },
        dest: {
          kubeconfig: await dir.write('dest-kubeconfig', request.dest.kubeconfig),
          context: request.dest.context,
        },
        graceMs:
          options.helmTimeoutMs + options.loadBalancerTimeoutMs + (deps.extraGraceMs ?? EXTRA_GRACE_MS),
        board: createBoard(pairs.length, deps.reporter, deps.clock),
        noteChild: dir.noteChild,
      };
      // Once, before anything runs: a wrong option must not show up as a failure of each claim.
      const [first] = pairs;
      if (first !== undefined) argsFor(session, first, 'check');
      if (pairs.length > 0) await deps.removeLeft?.();
      const unrecorded: unknown[] = [];
      const results = await mapBounded(pairs, options.concurrency, async (pair) => {
        const result = await moveOne(session, pair);
        reportResult(result, deps.reporter);
        session.board.finish(pair.name);
        await deps.onFinished?.(result).catch((error: unknown) => unrecorded.push(error));
        return result;
      });
      if (unrecorded.length > 0) throw unrecorded[0];
      return results;
    },
    {
      pid: deps.control.pid,
      parent: deps.tempDir,
      runtimeDir: deps.runtimeDir,
      endChild: (identity) => endOrphan(identity, request, deps),
    },
  );

const ORPHAN_GRACE_MS = 20_000;

// The mover of a run that was killed, whose journal nobody may ever resume. What is on record has its own turn.
const endOrphan = async (identity: string, request: MoveRequest, deps: MoveDeps): Promise<void> => {
  if (request.previous?.some((record) => record.identity === identity) === true) return;
  const ended = await endProcess(identity, ORPHAN_GRACE_MS, deps);
  if (ended === 'ended' || ended === 'killed')
    deps.reporter.warning(`A mover of an earlier, killed run was still running; it was ${ended}.`);
};

interface Session {
  readonly request: MoveRequest;
  readonly deps: MoveDeps;
  readonly values: string;
  readonly source: SideFiles;
  readonly dest: SideFiles;
  readonly graceMs: number;
  readonly board: Board;
  noteChild(identity: string): Promise<void>;
}

const argsFor = (session: Session, pair: ClaimPair, id: string): string[] =>
  copyArgs({
    dialect: session.request.mover.dialect,
    pair,
    options: session.request.options,
    source: session.source,
    dest: session.dest,
    values: session.values,
    id,
  });

const moveOne = async (session: Session, pair: ClaimPair): Promise<ClaimResult> => {
  const { clock } = session.deps;
  const startedAt = clock.now();
  const seconds = (): number => (clock.now() - startedAt) / 1000;
  const empty = { name: pair.name, tail: [] };
  if (session.deps.signal?.aborted === true) {
    return { ...empty, status: 'skipped', reason: 'interrupted before its copy started', seconds: 0 };
  }
  try {
    const left = await removePrevious(session, pair);
    if (left !== undefined) return { ...empty, status: 'failed', reason: left, seconds: seconds() };
    const outcome = await copy(session, pair);
    return { ...(await resultOf(session, pair, outcome)), seconds: seconds() };
  } catch (error) {
    // A journal that cannot be written, a program that cannot be started: this claim's failure, not the others'.
    return { ...empty, status: 'failed', reason: errorText(error), seconds: seconds() };
  }
};

const previousOf = (session: Session, pair: ClaimPair): MoverRecord[] =>
  (session.request.previous ?? []).filter((record) => record.claim === pair.name);

// Returns why the copy must not begin. A Job of an earlier attempt that still writes to the destination would mix
// its files with those of this attempt, so everything it left has to be gone first.
const removePrevious = async (session: Session, pair: ClaimPair): Promise<string | undefined> => {
  const { reporter, waitUnused } = session.deps;
  const records = previousOf(session, pair);
  for (const record of records) {
    if (record.identity !== undefined) {
      const ended = await endProcess(record.identity, session.graceMs, session.deps);
      if (ended !== 'gone') reporter.warning(ORPHANS[ended](pair.name, record));
    }
    const left = await cleanup(session, pair, record.id);
    if (left.state === 'failed') return left.reason;
    if (left.state === 'manual') reporter.warning(`${pair.name}: ${left.reason}.`);
    if (left.state === 'removed') {
      reporter.action(`Removed leftovers of copy ${record.id} of PVC ${pair.name} from the clusters`);
    }
  }
  // Of any copy, also of one that ended well a moment ago: its pods hold the claim for their grace period.
  const [left] = (await waitUnused?.(pair)) ?? [];
  if (left === undefined) return undefined;
  return `pod ${left.name} of an earlier copy, in namespace ${left.namespace} of context ${left.context}, still uses the PVC. Remove it: ${left.command}`;
};

const ORPHANS: Readonly<
  Record<'ended' | 'killed' | 'elsewhere', (name: string, record: MoverRecord) => string>
> = {
  ended: (name, record) =>
    `An earlier mover of PVC ${name} (pid ${record.pid}) was still running; it was ended.`,
  killed: (name, record) =>
    `An earlier mover of PVC ${name} (pid ${record.pid}) did not end in time; it was killed.`,
  elsewhere: (name) =>
    `An earlier mover of PVC ${name} was started on another machine, or before this machine was restarted; whether it still runs cannot be seen from here.`,
};

const cleanup = (session: Session, pair: ClaimPair, id: string): Promise<Leftovers> =>
  cleanupLeftovers(session.request.mover, id, [
    { files: session.source, namespace: pair.source.namespace },
    { files: session.dest, namespace: pair.dest.namespace },
  ]);

const copy = async (session: Session, pair: ClaimPair): Promise<MoverOutcome & { id: string }> => {
  const { request, deps, board } = session;
  const attempt = 1 + Math.max(0, ...previousOf(session, pair).map((record) => record.attempt));
  const id = moverId(request.operationId, `${pair.source.namespace}/${pair.name}`, attempt);
  const record: MoverRecord = { claim: pair.name, attempt, id };
  deps.reporter.action(`Copying PVC ${pair.name}${pair.capacity ? ` (${pair.capacity})` : ''} as ${id}`);
  await deps.onStarting?.(record);
  const followed = deps.follow?.(id);
  const outcome = await runMover({
    mover: request.mover,
    args: argsFor(session, pair, id),
    deadlineMs: request.options.deadlineMs,
    graceMs: session.graceMs,
    clock: deps.clock,
    signal: deps.signal,
    lost: followed?.lost,
    onStarted: async ({ pid, identity }) => {
      if (identity !== undefined) await session.noteChild(identity);
      await deps.onStarted?.({ ...record, pid, identity });
    },
    onEvent: (event) => {
      board.add(pair.name, event);
      followed?.hear(event);
      deps.onEvent?.(pair.name, event);
    },
  }).finally(() => followed?.end());
  return { ...outcome, id };
};

const resultOf = async (
  session: Session,
  pair: ClaimPair,
  outcome: MoverOutcome & { id: string },
): Promise<Omit<ClaimResult, 'seconds'>> => {
  const warnings = [...outcome.warnings];
  if (outcome.end === 'killed' || outcome.cleanupFailed || outcome.endedBy !== undefined) {
    const left = await cleanup(session, pair, outcome.id);
    if (left.state === 'failed' || left.state === 'manual') warnings.push(left.reason);
  }
  const base = {
    name: pair.name,
    bytes: outcome.bytes,
    strategy: outcome.strategy,
    tail: outcome.end === 'succeeded' ? [] : outcome.tail,
  };
  if (outcome.end !== 'succeeded') {
    const { deadlineMs } = session.request.options;
    const reason = [whyFailed(outcome, deadlineMs), ...warnings].join('; ');
    return { ...base, status: 'failed', reason, brief: whyFailedInShort(outcome, deadlineMs) };
  }
  const verification = await session.deps.verify?.(pair);
  if (verification !== undefined && verification.outcome !== 'equal') {
    const isDifferent = verification.outcome === 'different';
    const what = verification.reason ?? verification.differences.join('; ');
    const reason = `copied, but the two sides ${isDifferent ? 'differ' : 'could not be compared'}: ${what}${isDifferent ? REPAIR : ''}`;
    return { ...base, status: 'failed', reason, verification };
  }
  return {
    ...base,
    status: 'copied',
    verification,
    ...(warnings.length === 0 ? {} : { reason: warnings.join('; ') }),
  };
};
