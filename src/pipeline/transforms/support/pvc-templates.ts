import type { JsonObject, KubeObject } from '../../../kube/api-types.ts';
import { groupKind } from '../../../kube/object-names.ts';
import { listAt, objectAt } from '../../../kube/raw-json.ts';
import type { Step } from './field-paths.ts';
import { podSpecsOf } from './pod-templates.ts';

/** A PVC, or the template of one, inside an object; `path` leads to it. */
export interface PvcPart {
  readonly pvc: JsonObject;
  readonly path: readonly Step[];
}

/**
 * Everything in an object that is or will become a PVC: the PVC itself, the PVC templates of a
 * StatefulSet, and those of ephemeral volumes in pod templates. Parts of the object, not clones.
 */
export const pvcsOf = (object: KubeObject): PvcPart[] =>
  groupKind(object) === 'PersistentVolumeClaim' ? [{ pvc: object, path: [] }] : pvcTemplatesOf(object);

const pvcTemplatesOf = (object: KubeObject): PvcPart[] => {
  const templates = listAt(object, 'spec', 'volumeClaimTemplates').map((_, index) => [
    'spec',
    'volumeClaimTemplates',
    index,
  ]);
  const ephemeral = podSpecsOf(object).flatMap(({ spec, path }) =>
    listAt(spec, 'volumes').map((_, index) => [
      ...path,
      'volumes',
      index,
      'ephemeral',
      'volumeClaimTemplate',
    ]),
  );
  return [...templates, ...ephemeral].flatMap((path) => {
    const pvc = objectAt(object, ...path);
    return pvc === undefined ? [] : [{ pvc, path }];
  });
};
