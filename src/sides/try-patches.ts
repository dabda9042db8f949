import { CONTENT_MANAGER, ORIGINAL_REPLICAS, PARK_MANAGER, PARKED } from '../common/annotations.ts';
import { RefusedError } from '../common/errors.ts';
import { nameList } from '../common/sentences.ts';
import { type Failure, isKubeApiError } from '../kube/api-errors.ts';
import type { JsonObject, KubeObject, ResourceType } from '../kube/api-types.ts';
import { mapBounded } from '../kube/map-bounded.ts';
import { objectKey, objectName, refKey } from '../kube/object-names.ts';
import { setAt, valueAt } from '../kube/raw-json.ts';
import { isDryRunUnsupported } from '../pipeline/immutable-strategy.ts';
import { mergeValue } from '../workloads/merge-fields.ts';
import { parkPatch } from '../workloads/park.ts';
import { checkRestore, planRestore, restorePatch } from '../workloads/restore.ts';
import { typeOf, whereIs } from './side.ts';
import type { BaselineEntry, MoveSide, StartTarget } from './side-types.ts';
import { isStopped } from './stop-side.ts';

/** A write that was tried, and what the server said against it; undefined when it would take it. */
export interface Tried {
  /** `Deployment web` */
  readonly name: string;
  readonly failure: Failure | undefined;
}

export interface TryOptions {
  readonly concurrency: number;
  readonly signal: AbortSignal;
}

/**
 * Sends what stops each workload as a server-side dry run: nothing is stored. What is stopped already or gone is left
 * out. Throws KubeApiError when the server does not answer or does not know us.
 */
export const tryStop = (
  side: MoveSide,
  entries: readonly BaselineEntry[],
  live: readonly KubeObject[],
  options: TryOptions,
): Promise<Tried[]> =>
  tryEach(side, found(entries, live), options, ({ entry, object }) =>
    isStopped(object, entry) ? undefined : parkPatch(object, entry.plan),
  );

/**
 * Looks once more, right before the first stop, whether every patch would be taken: what is stopped by then would stay
 * so. Returns how many were asked about. Throws RefusedError with the names.
 */
export const refuseUnstopped = async (
  side: MoveSide,
  entries: readonly BaselineEntry[],
  live: readonly KubeObject[],
  options: TryOptions,
): Promise<number> => {
  const tried = await tryStop(side, entries, live, options);
  refuseTried(tried, 'to stop', side);
  return tried.length;
};

/**
 * Throws RefusedError with the names of what the server of a side would not take; `doing` says what the writes do, as in
 * `to stop`. What could not be asked about is passed over. Pure.
 */
export const refuseTried = (
  tried: readonly Tried[],
  doing: string,
  side: MoveSide,
  hint = 'Exempt it from whatever rejects this for the duration of the move.',
): void => {
  const refused = tried.filter(({ failure }) => failure !== undefined && !isUnasked(failure));
  const [first] = refused;
  if (first === undefined) return;
  throw new RefusedError(
    `The server refuses ${doing} ${nameList(refused.map(({ name }) => name))} in ${whereIs(side)}: ${first.failure?.detail.replace(/\.$/, '')}.`,
    { hint },
  );
};

/** Whether an answer to a dry run says nothing about the real write: a webhook without dry runs, a busy server. Pure. */
export const isUnasked = (failure: Failure): boolean =>
  isDryRunUnsupported(failure) || BUSY.has(failure.status);

const BUSY: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/**
 * Asks in the same way about starting each workload again where it runs now, as a rollback does. Before it is stopped,
 * the nearest to it is a patch that gives every park field the value it has.
 */
export const tryStartAgain = (
  side: MoveSide,
  entries: readonly BaselineEntry[],
  live: readonly KubeObject[],
  options: TryOptions,
): Promise<Tried[]> =>
  tryEach(side, found(entries, live), options, ({ entry, object }) => {
    const patch: JsonObject = { metadata: { annotations: { [PARKED]: null, [ORIGINAL_REPLICAS]: null } } };
    for (const { path, original } of entry.plan.fields)
      setAt(patch, path, mergeValue(valueAt(object, ...path), original));
    return patch;
  });

/**
 * Asks in the same way about starting what is parked. A target that somebody changed while it was parked is left out:
 * it is refused without asking.
 */
export const tryStart = (
  side: MoveSide,
  targets: readonly StartTarget[],
  live: readonly KubeObject[],
  options: TryOptions,
): Promise<Tried[]> =>
  tryEach(side, found(targets, live), options, ({ entry: { replicas }, object }) => {
    const overrides = replicas === undefined ? {} : { replicas };
    if (object.metadata.annotations?.[PARKED] === undefined) return undefined;
    if (checkRestore(object, overrides).kind === 'refuse') return undefined;
    return restorePatch(object, planRestore(object, overrides));
  });

/** Asks in the same way about creating objects, running as they are. One that is there already is no failure. */
export const tryCreate = (
  side: MoveSide,
  objects: readonly { readonly type: ResourceType; readonly object: KubeObject }[],
  options: TryOptions,
): Promise<Tried[]> =>
  mapBounded(
    objects,
    options.concurrency,
    ({ type, object }) =>
      tryWrite(objectName(object), [409], async () => {
        await side.cluster.create(type, object, {
          fieldManager: CONTENT_MANAGER,
          dryRun: true,
          signal: options.signal,
        });
      }),
    options.signal,
  );

interface Found<T> {
  readonly entry: T;
  readonly object: KubeObject;
}

const found = <T extends { readonly apiVersion: string; readonly kind: string; readonly name: string }>(
  entries: readonly T[],
  live: readonly KubeObject[],
): Found<T>[] => {
  const seen = new Map(live.map((object) => [objectKey(object), object]));
  return entries.flatMap((entry) => {
    const object = seen.get(refKey(entry));
    return object === undefined ? [] : [{ entry, object }];
  });
};

const tryEach = async <T>(
  side: MoveSide,
  items: readonly Found<T>[],
  { concurrency, signal }: TryOptions,
  patchOf: (item: Found<T>) => JsonObject | undefined,
): Promise<Tried[]> => {
  const tried = await mapBounded(
    items,
    concurrency,
    async (item): Promise<Tried | undefined> => {
      const patch = patchOf(item);
      if (patch === undefined) return undefined;
      const ref = {
        type: typeOf(side, item.object),
        namespace: side.namespace,
        name: item.object.metadata.name,
      };
      return tryWrite(objectName(item.object), [404], async () => {
        await side.cluster.patch(ref, unversioned(patch), {
          fieldManager: PARK_MANAGER,
          dryRun: true,
          about: [item.object],
          signal,
        });
      });
    },
    signal,
  );
  return tried.flatMap((item) => item ?? []);
};

/** A patch for a dry run: the status of its object may be written at any moment, and that is not the question. Pure. */
export const unversioned = (patch: JsonObject): JsonObject => {
  const { resourceVersion: _version, ...metadata } = (patch['metadata'] ?? {}) as JsonObject;
  return { ...patch, metadata };
};

/**
 * What a server says to a dry run that `send` sends; answers with a status among `fine` are no failure. Throws
 * KubeApiError when it does not answer or does not know us, and whatever else `send` throws.
 */
export const tryWrite = async (
  name: string,
  fine: readonly number[],
  send: () => Promise<unknown>,
): Promise<Tried> => {
  try {
    await send();
    return { name, failure: undefined };
  } catch (error) {
    if (!isKubeApiError(error) || [0, 401].includes(error.failure.status)) throw error;
    return { name, failure: fine.includes(error.failure.status) ? undefined : error.failure };
  }
};
