import type { JsonObject, KubeObject } from '../../../kube/api-types.ts';
import { groupKind } from '../../../kube/object-names.ts';
import { listAt, objectAt } from '../../../kube/raw-json.ts';
import type { Step } from './field-paths.ts';
import { podSpecsOf } from './pod-templates.ts';

/** A volume claim, or the template of one, inside an object; `path` leads to it. */
export interface Claim {
  readonly claim: JsonObject;
  readonly path: readonly Step[];
}

/**
 * Everything in an object that is or will become a volume claim: the claim itself, the claim templates of a
 * StatefulSet, and those of ephemeral volumes in pod templates. Parts of the object, not copies.
 */
export const claimsOf = (object: KubeObject): Claim[] =>
  groupKind(object) === 'PersistentVolumeClaim' ? [{ claim: object, path: [] }] : claimTemplatesOf(object);

const claimTemplatesOf = (object: KubeObject): Claim[] => {
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
    const claim = objectAt(object, ...path);
    return claim === undefined ? [] : [{ claim, path }];
  });
};
