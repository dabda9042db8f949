import type { Json, KubeObject } from '../kube/api-types.ts';
import { groupKind, objectKey } from '../kube/object-names.ts';
import { clone, valueAt } from '../kube/raw-json.ts';
import { podSpecsOf } from '../pipeline/transforms/support/pod-templates.ts';
import { recordedFields } from '../workloads/parked-annotation.ts';
import type { PodTemplate } from './need-types.ts';

/**
 * The pod specs of objects to be written, as their pods will run: a parked DaemonSet has a selector that no node
 * matches, so the running one is taken from the record or from the source. Throws RefusedError for an unreadable
 * record. Pure.
 */
export const templatesOf = (
  desired: readonly KubeObject[],
  sourceObjects: readonly KubeObject[],
): PodTemplate[] => {
  const sources = new Map(sourceObjects.map((object) => [objectKey(object), object]));
  return desired.flatMap((object) =>
    podSpecsOf(object).map(({ spec }): PodTemplate => {
      if (!DAEMON_SETS.has(groupKind(object))) return { object, spec };
      const running = { ...spec };
      delete running['nodeSelector'];
      const selector = nodeSelectorOf(object, sources.get(objectKey(object)));
      if (selector !== undefined) running['nodeSelector'] = clone(selector);
      return { object, spec: running };
    }),
  );
};

const DAEMON_SETS: ReadonlySet<string> = new Set(['DaemonSet.apps', 'DaemonSet.apps.kruise.io']);
const NODE_SELECTOR = ['spec', 'template', 'spec', 'nodeSelector'];

// An update carries neither the record nor the selector, as both belong to the parking manager by then.
const nodeSelectorOf = (desired: KubeObject, source: KubeObject | undefined): Json | undefined => {
  const record = recordedFields(desired) ?? (source && recordedFields(source));
  const field = record?.find(({ path }) => path.join('.') === NODE_SELECTOR.join('.'));
  return field === undefined ? valueAt(source ?? desired, ...NODE_SELECTOR) : field.original;
};
