import { CONTENT_MANAGER, PARK_MANAGER } from '../common/annotations.ts';
import { errorText } from '../common/errors.ts';
import { nameList } from '../common/sentences.ts';
import { sleep } from '../common/sleep.ts';
import { type Failure, hasStatus, isKubeApiError, isNotFound, whyUnappliable } from '../kube/api-errors.ts';
import { describeRef } from '../kube/api-paths.ts';
import type { ClusterWriter, KubeObject, ObjectRef, WriteResult } from '../kube/api-types.ts';
import { clone, equalJson, objectsAt } from '../kube/raw-json.ts';
import { missingPaths, pathText } from './compare-owned.ts';
import {
  isDryRunUnsupported,
  isImmutable,
  isPortTaken,
  type OnConflict,
  resolveImmutable,
} from './immutable-strategy.ts';
import { keptByServer } from './kept-by-server.ts';
import type { PlanItem } from './plan-object.ts';
import { retainLive } from './retain-live.ts';

/** How one object was written, or why it was not. */
export interface ApplyOutcome {
  readonly action: 'created' | 'updated' | 'recreated' | 'unchanged' | 'skipped' | 'failed' | 'unknown';
  /** A clause for the report; undefined when all went the plain way. */
  readonly reason: string | undefined;
  readonly attempts: number;
  /** Warning headers the server sent for this object. */
  readonly warnings: readonly string[];
  /** Paths of what was sent that the server's answer lacks: it dropped them without an error. */
  readonly dropped: readonly string[];
  /** The failure behind `failed`, for exit codes and retries. */
  readonly failure?: Failure | undefined;
}

export interface ApplyOptions {
  readonly writer: ClusterWriter;
  readonly onConflict: OnConflict | undefined;
  readonly dryRun: boolean;
  /** ms to wait for a deleted object to be gone before it is created anew. */
  readonly recreateTimeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Send the dry run to this namespace instead: the object's own does not exist yet. */
  readonly standInNamespace?: string | undefined;
}

/**
 * Writes one planned object: content first, then the park fields by their own manager. What the server refuses for
 * a known reason goes the way that kind allows: PUT where a keyed list has a key twice, another node port where
 * one is taken, recreation where a field is immutable. Never throws for a failure of the object; it is in the
 * outcome. Throws only when the signal aborts.
 */
export const applyItem = async (item: PlanItem, options: ApplyOptions): Promise<ApplyOutcome> => {
  if (item.action === 'unchanged') return outcome('unchanged');
  try {
    return await write(item, options);
  } catch (error) {
    options.signal?.throwIfAborted();
    if (isKubeApiError(error)) return failed(error.failure);
    return { ...outcome('failed'), reason: errorText(error) };
  }
};

const write = async (item: PlanItem, options: ApplyOptions): Promise<ApplyOutcome> => {
  let result: ApplyOutcome & { readonly object?: KubeObject } = outcome(
    item.live === undefined ? 'created' : 'updated',
  );
  let isNoChange = options.dryRun && item.live !== undefined;
  if (item.content !== undefined) {
    const written = await writeContent(item, item.content, options);
    result = { ...result, ...written };
    if (written.action === 'failed' || written.action === 'skipped' || written.action === 'unknown')
      return withoutObject(result);
    isNoChange &&= leavesAsItIs(item, written.object);
  }
  // An object that was made anew has lost the ownership of its park fields with everything else.
  const park = result.action === 'recreated' ? item.wholePark : item.park;
  // In a dry run of a creation there is nothing yet that the park fields could be applied to.
  if (park !== undefined && !(options.dryRun && (item.live === undefined || result.action === 'recreated'))) {
    const parked = await applyPark(item, park, result.object, options);
    result = {
      ...result,
      attempts: Math.max(result.attempts, parked.attempts),
      warnings: [...new Set([...result.warnings, ...parked.warnings])],
    };
    isNoChange &&= leavesAsItIs(item, parked.object);
  }
  return withoutObject(isNoChange ? { ...result, action: 'unchanged' } : result);
};

const withoutObject = ({
  object: _object,
  ...result
}: ApplyOutcome & { readonly object?: KubeObject }): ApplyOutcome => result;

// Parking takes the replica count over from whoever has it. A request that arrives late at its server, when the lock is
// somebody else's and the object runs, must not do that: it is tied to the version that was seen under this lock.
const applyPark = async (
  item: PlanItem,
  park: KubeObject,
  written: KubeObject | undefined,
  options: ApplyOptions,
): Promise<WriteResult> => {
  let seen = written ?? item.live;
  for (let attempt = 1; ; attempt++) {
    try {
      const write = { ...writeOptions(item, options), fieldManager: PARK_MANAGER };
      // A dry run stores nothing, so its answer has no version of its own.
      const body = options.dryRun ? park : atVersion(park, seen);
      const result = await options.writer.apply(item.type, body, write);
      return { ...result, attempts: result.attempts + attempt - 1 };
    } catch (error) {
      if (!isConflict(error) || attempt >= CONFLICT_ATTEMPTS) throw error;
      await sleep(50 * attempt, options.signal);
      seen = await options.writer.get(refOf(item, park), { signal: options.signal });
    }
  }
};

const atVersion = (body: KubeObject, seen: KubeObject | undefined): KubeObject =>
  seen?.metadata.resourceVersion === undefined
    ? body
    : { ...body, metadata: { ...body.metadata, resourceVersion: seen.metadata.resourceVersion } };

const isConflict = (error: unknown): boolean => hasStatus(error, 409) && error.failure.reason === 'Conflict';

/** What came of one request, or of the way around it; `object` is the server's answer. */
type Written = Partial<ApplyOutcome> & {
  readonly action: ApplyOutcome['action'];
  readonly object?: KubeObject;
};

// The server may drop or rewrite a field each time, so that it always seems to differ: its own dry run shows it.
const leavesAsItIs = ({ live }: PlanItem, answer: KubeObject | undefined): boolean =>
  live !== undefined && answer !== undefined && equalJson(stable(answer), stable(live));

const stable = ({ status: _status, ...object }: KubeObject): KubeObject => {
  const {
    managedFields: _managed,
    resourceVersion: _version,
    generation: _generation,
    ...metadata
  } = object.metadata;
  return { ...object, metadata };
};

const writeContent = async (item: PlanItem, content: KubeObject, options: ApplyOptions): Promise<Written> => {
  const body = inStandIn(content, options);
  const done = item.live === undefined ? 'created' : 'updated';
  const kept = item.live === undefined ? undefined : keptByServer(content, item.live);
  if (kept !== undefined && item.live !== undefined) return resolve(item, item.live, kept.failure, options);
  try {
    return { action: done, ...summary(body, await applyPatiently(item, body, options)) };
  } catch (error) {
    options.signal?.throwIfAborted();
    if (!isKubeApiError(error)) throw error;
    const { failure } = error;
    const unappliable = whyUnappliable(failure);
    if (unappliable !== undefined) {
      const reason = `${unappliable}, so it was written in full instead of applied`;
      return { action: done, ...(await replaceOrCreate(item, options)), reason };
    }
    if (isPortTaken(failure) && content.kind === 'Service') {
      const reason = 'a node port of the source is in use at the destination; another one was allocated';
      const fitting = withoutNodePorts(body);
      return { action: done, ...summary(fitting, await applyPatiently(item, fitting, options)), reason };
    }
    if (options.dryRun && isDryRunUnsupported(failure)) {
      return { action: 'unknown', reason: `could not be checked: ${failure.detail}` };
    }
    if (isImmutable(failure) && item.live !== undefined) return resolve(item, item.live, failure, options);
    throw error;
  }
};

// Another controller may write between the server's read and its write; it gives up after a few tries of its own.
const CONFLICT_ATTEMPTS = 4;

const applyPatiently = async (
  item: PlanItem,
  body: KubeObject,
  options: ApplyOptions,
): Promise<WriteResult> => {
  // A change is tied to the version that was seen, as parking is. What is created is created parked, and without force:
  // should it be there by the time that the request arrives, and be running, then its replica count has another owner.
  let seen = item.live;
  for (let attempt = 1; ; attempt++) {
    try {
      const write = { ...writeOptions(item, options), force: options.dryRun || seen !== undefined };
      const result = await options.writer.apply(
        item.type,
        options.dryRun ? body : atVersion(body, seen),
        write,
      );
      return { ...result, attempts: result.attempts + attempt - 1 };
    } catch (error) {
      const isMoved = isConflict(error) || (seen !== undefined && isNotFound(error));
      if (!isMoved || attempt >= CONFLICT_ATTEMPTS) throw error;
      await sleep(50 * attempt, options.signal);
      seen = await options.writer.get(refOf(item, body), { signal: options.signal });
    }
  }
};

const replaceOrCreate = async (item: PlanItem, options: ApplyOptions): Promise<Omit<Written, 'action'>> => {
  // What a PUT leaves out falls back to its default, and the default of a replica count is 1: the parked values go along.
  const body = inStandIn(item.whole, options);
  const live = item.live === undefined ? undefined : await options.writer.get(refOf(item, body));
  const result =
    live === undefined
      ? await options.writer.create(item.type, body, writeOptions(item, options))
      : await options.writer.replace(item.type, retainLive(body, live), writeOptions(item, options));
  return summary(body, result);
};

const resolve = async (
  item: PlanItem,
  live: KubeObject,
  failure: Failure,
  options: ApplyOptions,
): Promise<Written> => {
  const body = inStandIn(item.whole, options);
  const resolution = resolveImmutable(body, live, options.onConflict);
  if (resolution.do === 'skip')
    return { action: 'skipped', reason: `${resolution.reason} (${failure.detail})` };
  if (resolution.do === 'fail')
    return { action: 'failed', reason: `${resolution.reason} (${failure.detail})`, failure };
  const reason = 'a field that cannot change after creation has changed, so it was recreated';
  if (options.dryRun) return { action: 'recreated', reason };
  const { writer, signal } = options;
  const ref = refOf(item, body);
  await writer.delete(ref, { uid: live.metadata.uid, propagation: resolution.propagation, signal });
  await waitGone(ref, options);
  const made = await applyPatiently({ ...item, live: undefined }, body, options);
  return { action: 'recreated', ...summary(body, made), reason };
};

const waitGone = async (ref: ObjectRef, options: ApplyOptions): Promise<void> => {
  const deadline = performance.now() + options.recreateTimeoutMs;
  for (let waitMs = 50; ; waitMs = Math.min(1000, waitMs * 2)) {
    const live = await options.writer.get(ref, { signal: options.signal });
    if (live === undefined) return;
    if (performance.now() > deadline) {
      const holders = nameList(live.metadata.finalizers ?? []);
      throw new Error(
        `${describeRef(ref.type, ref.namespace, ref.name)} was deleted to be recreated and is still there after ${options.recreateTimeoutMs / 1000} s${holders ? `, held by its finalizers (${holders})` : ''}; run the same command again when it is gone`,
      );
    }
    await sleep(waitMs, options.signal);
  }
};

const refOf = (item: PlanItem, body: KubeObject): ObjectRef => ({
  type: item.type,
  namespace: body.metadata.namespace,
  name: body.metadata.name,
});

const writeOptions = (item: PlanItem, options: ApplyOptions) => ({
  fieldManager: CONTENT_MANAGER,
  about: [item.whole, item.live],
  dryRun: options.dryRun,
  signal: options.signal,
});

const inStandIn = (body: KubeObject, options: ApplyOptions): KubeObject =>
  options.standInNamespace === undefined || body.metadata.namespace === undefined
    ? body
    : { ...body, metadata: { ...body.metadata, namespace: options.standInNamespace } };

const withoutNodePorts = (body: KubeObject): KubeObject => {
  const stripped = clone(body);
  for (const port of objectsAt(stripped, 'spec', 'ports')) delete port.nodePort;
  return stripped;
};

const summary = (body: KubeObject, { attempts, warnings, object }: WriteResult): Omit<Written, 'action'> => {
  // What the server warns of by name need not be found out.
  const isWarned = warnings.some((warning) => warning.includes('unknown field'));
  const dropped = isWarned ? [] : missingPaths(body, object).map(pathText);
  return { attempts, warnings, object, dropped };
};

const outcome = (action: ApplyOutcome['action']): ApplyOutcome => ({
  action,
  reason: undefined,
  attempts: 1,
  warnings: [],
  dropped: [],
});

const failed = (failure: Failure): ApplyOutcome => ({
  ...outcome('failed'),
  reason: `${failure.detail}${failure.status === 0 ? '' : ` (${failure.status} ${failure.reason})`}`,
  failure,
});
