import { pairClaims } from '../../data/claims.ts';
import { systemClock } from '../../data/defaults.ts';
import type { Mover } from '../../data/find-mover.ts';
import { waitForMoverPods } from '../../data/leftovers.ts';
import { type ClusterAccess, moveClaims } from '../../data/move.ts';
import { movesError } from '../../data/move-texts.ts';
import type {
  ClaimPair,
  ClaimResult,
  MoverOptions,
  MoverRecord,
  PairedClaim,
  ProcessControl,
} from '../../data/types.ts';
import { verifyClaim } from '../../data/verify.ts';
import type { VerifyOptions } from '../../data/verify-pod.ts';
import { RefusedError } from '../../errors.ts';
import { hasStatus } from '../../kube/errors.ts';
import { isObject } from '../../kube/json.ts';
import type { ClusterReader, ClusterWriter, Json, KubeObject, ResourceType } from '../../kube/types.ts';
import { CLAIMS, PODS, STORAGE_CLASSES } from '../../kube/well-known.ts';
import type { Reporter } from '../../reporter.ts';
import { isTemporary } from '../../workloads/temporary.ts';

/** How volume data is copied and compared. */
export interface DataOptions {
  readonly mover: MoverOptions;
  /** Undefined: nothing is compared. */
  readonly verify: VerifyOptions | undefined;
}

/** One side of a copy. A writer is only needed to verify. */
export interface DataSide {
  readonly cluster: ClusterReader;
  readonly writer: ClusterWriter | undefined;
  readonly namespace: string;
  readonly access: ClusterAccess;
}

/** Where results are kept between runs: one value per claim. */
export interface DataJournal {
  read(): Readonly<Record<string, Json>>;
  write(claim: string, value: Json): Promise<void>;
}

export interface CopyDataInput {
  /** The side that has the data now. */
  readonly from: DataSide;
  readonly to: DataSide;
  readonly operationId: string;
  readonly mover: Mover;
  readonly options: DataOptions;
  /** The side that has the data still runs: the copy is not consistent. */
  readonly preCopy: boolean;
  readonly storageClassMap: ReadonlyMap<string, string>;
  readonly journal: DataJournal;
  readonly control: ProcessControl;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
}

/** What a copy came to. */
export interface CopyDataResult {
  readonly results: readonly ClaimResult[];
  /** Claims copied by this run and by earlier runs of the same operation. */
  readonly copied: number;
  readonly verified: number;
  readonly seconds: number;
}

/**
 * Copies the data of every claim of a namespace to the claim of the same name on the other side. Claims that an
 * earlier run of the operation copied are not copied again. What is refused is refused before anything is copied.
 * Throws RefusedError naming the claims that may not be copied, and PartialError naming those that failed.
 */
export const copyData = async (input: CopyDataInput): Promise<CopyDataResult> => {
  const started = performance.now();
  const paired = await pairNow(input);
  refuseSome(paired, input);
  const stored = readStored(input.journal);
  const wanted = paired
    .filter(({ verdict }) => verdict.kind === 'keep' || verdict.kind === 'warn')
    .map(({ pair }) => pair);
  const open = wanted.filter((pair) => stored.get(pair.name)?.status !== 'copied');
  for (const { pair, verdict } of paired) {
    if (verdict.kind === 'warn') input.reporter.warning(`Claim ${pair.name}: ${verdict.reason}.`);
  }
  const results = open.length === 0 ? [] : await moveOpen(input, open, stored);
  const error = movesError(results);
  if (error !== undefined) throw error;
  input.signal.throwIfAborted();
  const earlier = [...stored.values()].filter((item) => item.status === 'copied');
  return {
    results,
    copied: wanted.length,
    verified:
      results.filter((result) => result.verification?.outcome === 'equal').length +
      earlier.filter((item) => item.verified === true).length,
    seconds: Math.round(performance.now() - started) / 1000,
  };
};

/** Pairs the claims as they are now, without copying; for dry runs and preflight. Throws KubeApiError. */
export const pairNow = async (
  input: Pick<CopyDataInput, 'from' | 'to' | 'preCopy' | 'storageClassMap' | 'signal'> & {
    readonly options: DataOptions;
  },
): Promise<PairedClaim[]> => {
  const { from, to, signal } = input;
  const list = (side: DataSide, type: ResourceType): Promise<KubeObject[]> =>
    side.cluster.list(type, side.namespace, { signal });
  const [sourceClaims, destClaims, sourcePods, destPods, destClasses] = await Promise.all([
    list(from, CLAIMS),
    list(to, CLAIMS),
    list(from, PODS),
    list(to, PODS),
    listClasses(to, signal),
  ]);
  // Pods that an earlier, killed run left are removed before its claim is copied again.
  const others = (pods: readonly KubeObject[]): KubeObject[] => pods.filter((pod) => !isTemporary(pod));
  return pairClaims({
    sourceNamespace: from.namespace,
    destNamespace: to.namespace,
    sourceClaims,
    destClaims,
    destClasses,
    sourcePods: others(sourcePods),
    destPods: others(destPods),
    storageClassMap: input.storageClassMap,
    preCopy: input.preCopy,
    ignoreSizes: input.options.mover.ignoreSizes,
  });
};

// Without the right to read classes their existence is not judged here; the mover will tell.
const listClasses = async (side: DataSide, signal: AbortSignal): Promise<KubeObject[]> => {
  try {
    return await side.cluster.list(STORAGE_CLASSES, undefined, { signal });
  } catch (error) {
    if (!hasStatus(error, 403)) throw error;
    return [];
  }
};

const refuseSome = (paired: readonly PairedClaim[], input: CopyDataInput): void => {
  const refused = paired.flatMap(({ pair, verdict }) =>
    verdict.kind === 'refuse' ? [`${pair.name}: ${verdict.reason}`] : [],
  );
  if (refused.length > 0) {
    throw new RefusedError(
      `The data of ${refused.length} claims in namespace ${input.from.namespace} of context ${input.from.cluster.context} cannot be copied: ${refused.join('; ')}.`,
    );
  }
};

/** What the journal keeps per claim. */
interface StoredClaim {
  readonly status: string | undefined;
  readonly verified: boolean;
  readonly movers: readonly MoverRecord[];
}

const readStored = (journal: DataJournal): Map<string, StoredClaim> =>
  new Map(
    Object.entries(journal.read()).flatMap(([claim, value]) => {
      if (!isObject(value)) return [];
      const movers = Array.isArray(value.movers) ? (value.movers as unknown as MoverRecord[]) : [];
      return [
        [
          claim,
          { status: value.status as string | undefined, verified: value.verified === true, movers },
        ] as const,
      ];
    }),
  );

const moveOpen = async (
  input: CopyDataInput,
  pairs: readonly ClaimPair[],
  stored: ReadonlyMap<string, StoredClaim>,
): Promise<ClaimResult[]> => {
  const { from, to, options, operationId, reporter, signal } = input;
  const movers = new Map(pairs.map((pair) => [pair.name, [...(stored.get(pair.name)?.movers ?? [])]]));
  const keep = async (record: MoverRecord): Promise<void> => {
    const list = (movers.get(record.claim) ?? []).filter((item) => item.id !== record.id);
    movers.set(record.claim, [...list, record]);
    await input.journal.write(record.claim, { status: 'copying', movers: toJson([...list, record]) });
  };
  const readers = { source: from.cluster, dest: to.cluster };
  const { verify } = options;
  const writers =
    from.writer === undefined || to.writer === undefined
      ? undefined
      : { source: from.writer, dest: to.writer };
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
      signal,
      onEvent: (claim, event) => {
        if (event.type === 'progress') reporter.event('claim-progress', { claim, ...event });
      },
      onStarting: keep,
      onStarted: keep,
      onFinished: (result) =>
        input.journal.write(result.name, {
          status: result.status,
          verified: result.verification?.outcome === 'equal',
          movers: result.status === 'copied' ? [] : toJson(movers.get(result.name) ?? []),
          seconds: result.seconds,
          ...(result.bytes === undefined ? {} : { bytes: result.bytes }),
          ...(result.strategy === undefined ? {} : { strategy: result.strategy }),
          ...(result.reason === undefined ? {} : { reason: result.reason }),
          ...(result.verification === undefined ? {} : { verification: toJson(result.verification) }),
        }),
      waitUnused: (pair) =>
        waitForMoverPods(readers, pair, { timeoutMs: 120_000, clock: systemClock, signal }),
      ...(verify === undefined || writers === undefined
        ? {}
        : {
            verify: (pair: ClaimPair) =>
              verifyClaim(
                writers,
                pair,
                operationId,
                { ...verify, deleteExtraneous: options.mover.deleteExtraneous },
                { clock: systemClock, signal },
              ),
          }),
    },
  );
};

const toJson = (value: unknown): Json => JSON.parse(JSON.stringify(value)) as Json;
