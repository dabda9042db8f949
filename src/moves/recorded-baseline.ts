import { RefusedError } from '../common/errors.ts';
import { groupKind } from '../kube/object-names.ts';
import type { Baseline } from '../sides/side-types.ts';
import type { BaselineWorkload, Journal } from '../state/record-types.ts';
import { isParkField, MOST_REPLICAS } from '../workloads/park-paths.ts';

/** A baseline as a journal keeps it. Pure. */
export const toStored = (baseline: Baseline, namespace: string): BaselineWorkload[] =>
  baseline.entries.map((entry) => ({
    apiVersion: entry.apiVersion,
    kind: entry.kind,
    namespace,
    name: entry.name,
    uid: entry.uid,
    side: baseline.side,
    ...(entry.plan.replicas === undefined ? {} : { replicas: entry.plan.replicas }),
    ...(entry.unready === true ? { unready: true, readyPods: entry.readyPods ?? 0 } : {}),
    fields: entry.plan.fields.map(({ path, parked, original }) => ({
      path: [...path],
      parked,
      ...(original === undefined ? {} : { original }),
    })),
  }));

// A journal is a ConfigMap, which everybody can write who may edit the namespace: it says which counts to start, and
// must not make us write any other field.
const refuseForeign = ({ apiVersion, kind, namespace, name, fields, replicas }: BaselineWorkload): void => {
  const object = { apiVersion, kind, metadata: { name, namespace } };
  const foreign = fields.find(
    ({ path, parked, original }) => !isParkField(object, { path, parked, original }),
  );
  if (foreign === undefined && (replicas ?? 0) <= MOST_REPLICAS) return;
  throw new RefusedError(
    `The journal of namespace ${namespace} contains a value for ${kind} ${name} that dr-syncer never writes: ${foreign === undefined ? `${replicas} replicas` : foreign.path.join('.')}.`,
    { hint: 'Someone has changed the journal. Find out who, and restore the earlier content.' },
  );
};

/** One side of a stored baseline. Throws RefusedError when it names a field that nobody parks. */
export const fromStored = (stored: readonly BaselineWorkload[], side: Baseline['side']): Baseline => ({
  side,
  takenAt: '',
  entries: stored
    .filter((item) => (item.side ?? 'source') === side)
    .map((item) => {
      refuseForeign(item);
      return {
        apiVersion: item.apiVersion,
        kind: item.kind,
        name: item.name,
        uid: item.uid,
        ...(item.unready === true ? { unready: true as const, readyPods: item.readyPods ?? 0 } : {}),
        plan: {
          kind: groupKind(item),
          fields: item.fields.map(({ path, parked, original }) => ({ path, parked, original })),
          replicas: item.replicas,
          notes: [],
        },
      };
    }),
});

/** What a journal recorded of one side. Pure. */
export const recordedOf = (
  journal: Pick<Journal, 'baseline'> | undefined,
  side: Baseline['side'],
): Baseline => fromStored(journal?.baseline ?? [], side);
