import { nameList } from '../common/sentences.ts';
import { waitForMoverPods } from './copy-leftovers.ts';
import { moveClaims } from './copy-pvcs.ts';
import { lastWords, movesError } from './copy-texts.ts';
import type { CopyDataInput, CopyDataResult, DataSide } from './data-types.ts';
import { systemClock } from './mover-defaults.ts';
import { removeReleases } from './mover-releases.ts';
import type { ClaimPair, ClaimResult, MoverRecord } from './mover-types.ts';
import { pairNow, refuseSome } from './pair-now.ts';
import { endedValue, readStored, type StoredClaim, startedValue } from './stored-copies.ts';
import { removeVerifiers, verifyClaim } from './verify-copies.ts';
import { lossLimits, watchMovers } from './watch-movers.ts';

/**
 * Copies the data of every claim of a namespace to the claim of the same name on the other side. Claims that an
 * earlier run of the operation copied are not copied again, unless the stopped side was changed since. What is
 * refused is refused before anything is copied. Throws RefusedError naming the claims that may not be copied, and
 * PartialError naming those that failed.
 */
export const copyData = async (input: CopyDataInput): Promise<CopyDataResult> => {
  const started = performance.now();
  const { reporter, signal } = input;
  const paired = await pairNow(input, 'now', signal);
  refuseSome(paired, input.from);
  const skipped: string[] = [];
  for (const { pair, verdict } of paired) {
    if (verdict.kind === 'warn') reporter.warning(`PVC ${pair.name}: ${verdict.reason}.`);
    if (verdict.kind !== 'skip') continue;
    skipped.push(`${pair.name}: ${verdict.reason}`);
    reporter.warning(`PVC ${pair.name} is not copied: ${verdict.reason}.`);
  }
  const stored = readStored(input.journal.read());
  const wanted = paired.flatMap(({ pair, verdict }) => (verdict.kind === 'skip' ? [] : [pair]));
  const earlier = wanted.filter((pair) => isCopied(input, stored.get(pair.name)));
  const open = wanted.filter((pair) => !earlier.includes(pair));
  warnAgain(input, open, stored);
  const results = open.length === 0 ? [] : await moveOpen(input, open, stored);
  const error = movesError(results);
  signal.throwIfAborted();
  for (const line of lastWords(results)) reporter.warning(line);
  if (error !== undefined) throw error;
  return {
    results,
    copied: wanted.length,
    verified:
      results.filter((result) => result.verification?.outcome === 'equal').length +
      earlier.filter((pair) => stored.get(pair.name)?.verified === true).length,
    skipped,
    seconds: Math.round(performance.now() - started) / 1000,
  };
};

// A claim that was to be verified and was not, because an earlier run did not ask for it, is copied once more.
const isCopied = ({ mark, options }: CopyDataInput, claim: StoredClaim | undefined): boolean =>
  claim?.status === 'copied' && claim.mark === mark && (options.verify === undefined || claim.verified);

const warnAgain = (
  { reporter, mark, from }: CopyDataInput,
  open: readonly ClaimPair[],
  stored: ReadonlyMap<string, StoredClaim>,
): void => {
  const stale = open.filter(({ name }) => {
    const claim = stored.get(name);
    return claim?.status === 'copied' && claim.mark !== mark;
  });
  if (stale.length === 0) return;
  reporter.warning(
    `Workloads of namespace ${from.namespace} of context ${from.cluster.context} changed after ${nameList(stale.map(({ name }) => name))} had been copied; these PVCs are copied again.`,
  );
};

/** How long the pods of an earlier copy may take to be gone after they were deleted: their grace period and more. */
export const MOVER_PODS_MS = 120_000;

const moveOpen = async (
  input: CopyDataInput,
  pairs: readonly ClaimPair[],
  stored: ReadonlyMap<string, StoredClaim>,
): Promise<ClaimResult[]> => {
  const { from, to, options, operationId, reporter, signal, journal } = input;
  const movers = new Map(
    pairs.map(({ name }) => [name, [...(stored.get(name)?.movers ?? journal.previous?.(name) ?? [])]]),
  );
  const keep = async (record: MoverRecord): Promise<void> => {
    const list = (movers.get(record.claim) ?? []).filter((item) => item.id !== record.id);
    movers.set(record.claim, [...list, record]);
    await journal.write(record.claim, startedValue([...list, record]));
  };
  const readers = { source: from.cluster, dest: to.cluster };
  const limits = input.lossLimits ?? lossLimits(options.mover);
  const watch = await watchMovers({ source: from, dest: to }, limits, {
    reporter,
    clock: systemClock,
    signal,
  });
  return moveClaims(
    pairs,
    {
      operationId,
      mover: input.mover,
      source: from.access,
      dest: to.access,
      options: options.mover,
      previous: [...movers.values()].flat(),
    },
    {
      reporter,
      clock: systemClock,
      control: input.control,
      tempDir: input.tempDir,
      runtimeDir: input.runtimeDir,
      signal,
      follow: watch.follow,
      onStarting: keep,
      onStarted: keep,
      onFinished: (result) =>
        journal.write(result.name, endedValue(result, movers.get(result.name) ?? [], input.mark)),
      removeLeft: () => removeReleasesOf(input, [...movers.values()].flat()),
      waitUnused: async (pair) => {
        await Promise.all([from, to].map((side) => removeLeft(side, pair)));
        return waitForMoverPods(readers, pair, {
          timeoutMs: MOVER_PODS_MS,
          clock: systemClock,
          signal,
          onWait: (pods) =>
            reporter.action(
              `Waiting for pods of an earlier copy to release PVC ${pair.name}: ${nameList(pods.map(({ name }) => name))}`,
            ),
        });
      },
      ...verifyWith(input),
    },
  ).finally(() => watch.stop());
};

// What copies of earlier operations that were killed have left holds the claims. Those of this one are ended first, each
// before its claim is copied again. A pre-copy writes nothing here; what is its own it finds by its id.
const removeReleasesOf = async (
  { from, to, reporter, signal }: CopyDataInput,
  own: readonly MoverRecord[],
): Promise<void> => {
  const ids = new Set(own.map(({ id }) => id));
  for (const { writer, namespace } of [from, to]) {
    if (writer === undefined) continue;
    const removed = await removeReleases(writer, namespace, (id) => !ids.has(id), signal);
    if (removed.ids.length > 0)
      reporter.warning(
        `Removed leftovers of earlier copies from namespace ${namespace} of context ${writer.context}: ${nameList(removed.ids)}.`,
      );
  }
};

// A pre-copy has no writer at its source, and verifies nothing.
const removeLeft = async ({ writer, namespace }: DataSide, pair: ClaimPair): Promise<void> => {
  if (writer !== undefined)
    await removeVerifiers(writer, namespace, new Set([pair.source.claim, pair.dest.claim]), systemClock);
};

const verifyWith = ({ from, to, options, operationId, signal }: CopyDataInput) => {
  const { verify, mover } = options;
  if (verify === undefined || from.writer === undefined || to.writer === undefined) return {};
  const writers = { source: from.writer, dest: to.writer };
  const how = { ...verify, deleteExtraneous: mover.deleteExtraneous };
  return {
    verify: (pair: ClaimPair) => verifyClaim(writers, pair, operationId, how, { clock: systemClock, signal }),
  };
};
