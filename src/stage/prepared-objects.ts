import type { Verdict } from '../common/verdict.ts';
import type { KubeObject } from '../kube/api-types.ts';
import type { Note } from '../pipeline/pipeline-types.ts';
import type { PlanItem } from '../pipeline/plan-object.ts';
import { deletionOf } from '../workloads/deletion-text.ts';

/** One source object with what becomes of it. */
export interface Prepared {
  readonly source: KubeObject;
  readonly verdict: Verdict;
  readonly notes: readonly Note[];
  /** What is to be written; undefined when the object is left out or refused. */
  readonly item: PlanItem | undefined;
  /** The object is kept as a manifest in a ConfigMap: created, it would start pods that nothing here can park. */
  readonly stashed: boolean;
  readonly parkReplicas: number | undefined;
  /** The object of that name at the destination, when it is being deleted there: nothing can be written to it. */
  readonly leaving?: KubeObject;
}

/** A source object of which nothing is written. Pure. */
export const unwritten = (source: KubeObject, verdict: Verdict, notes: readonly Note[] = []): Prepared => ({
  source,
  verdict,
  notes,
  item: undefined,
  stashed: false,
  parkReplicas: undefined,
});

/** A source object that is refused; `reason` is a clause. Pure. */
export const refusedObject = (source: KubeObject, reason: string, notes: readonly Note[] = []): Prepared =>
  unwritten(source, { kind: 'refuse', reason }, notes);

/**
 * A source object whose copy is being deleted: written to, it would be gone all the same as soon as its finalizers are,
 * and the copy with it. Pure.
 */
export const leavingObject = (source: KubeObject, present: KubeObject, destNamespace: string): Prepared => ({
  ...refusedObject(
    source,
    `its copy in namespace ${destNamespace} ${deletionOf(present)}; run the command again when that is gone`,
  ),
  leaving: present,
});
