import { IGNORE } from '../../annotations.ts';
import { RefusedError } from '../../errors.ts';
import { equalJson } from '../../kube/json.ts';
import type { KubeObject } from '../../kube/types.ts';
import { nameList } from '../../sentences.ts';
import { isGitopsObject } from '../../workloads/gitops.ts';
import { isMarked } from '../../workloads/record.ts';
import { keyOf, keyOfObject } from './baseline.ts';
import type { BaselineEntry, MoveDeps, MoveSide } from './types.ts';

/**
 * Looks whether everything that a cutover is about to stop has a parked copy to be started instead: a custom resource
 * that was not asked for, or a selection, can leave one behind. What is marked to be ignored is only told; what rests
 * anyway is in nobody's way. Throws RefusedError with the names.
 */
export const refuseUncopied = (
  from: MoveSide,
  to: { readonly side: MoveSide; readonly objects: readonly KubeObject[] },
  entries: readonly BaselineEntry[],
  objects: readonly KubeObject[],
  deps: Pick<MoveDeps, 'reporter'>,
): void => {
  const copies = new Set(to.objects.filter(isMarked).map(keyOfObject));
  const live = new Map(objects.map((object) => [keyOfObject(object), object]));
  const left = entries.filter((entry) => runs(entry) && !copies.has(keyOf(entry)));
  const isIgnored = (entry: BaselineEntry): boolean => {
    const { labels, annotations } = live.get(keyOf(entry))?.metadata ?? {};
    return (labels?.[IGNORE] ?? annotations?.[IGNORE]) === 'true';
  };
  const where = `namespace ${to.side.namespace} of context ${to.side.cluster.context}`;
  for (const { kind, name } of left.filter(isIgnored)) {
    deps.reporter.warning(
      `${kind} ${name} is stopped with the rest; it is marked to be ignored, so it has no copy in ${where}.`,
    );
  }
  const missing = left.filter((entry) => !isIgnored(entry));
  if (missing.length === 0) return;
  const names = nameList(missing.map(({ kind, name }) => `${kind} ${name}`));
  throw new RefusedError(
    `${names} in namespace ${from.namespace} of context ${from.cluster.context} would be stopped and could not be started again: ${missing.length === 1 ? 'it has' : 'they have'} no copy in ${where}.`,
    {
      hint: `Copy custom resources with --include-custom-resources, and leave -l and --resource-types away; or mark what may stay stopped with the label ${IGNORE}=true.`,
    },
  );
};

// What has its parked values anyway (0 replicas, suspended) does not run; autoscalers and GitOps objects run nothing by
// themselves, and the ones of the destination are its own.
const runs = (entry: BaselineEntry): boolean =>
  entry.kind !== 'HorizontalPodAutoscaler' &&
  !isGitopsObject(entry) &&
  entry.plan.fields.some(({ original, parked }) => original === undefined || !equalJson(original, parked));
