import { kubectl, type NamedCluster } from '../common/command-line.ts';
import type { KubeObject } from '../kube/api-types.ts';
import { groupKind } from '../kube/object-names.ts';
import { objectAt, objectsAt, stringAt } from '../kube/raw-json.ts';
import { CLAIM } from './copied-pvcs.ts';
import type { Finding } from './findings.ts';
import type { Check, CheckContext } from './need-types.ts';

/**
 * Whether the destination has a claim in the place of one that a pod makes for itself, as a stage of an earlier release
 * left it: the pod takes none but its own, and waits for ever.
 */
export const checkEphemeralClaims: Check = (context) => ephemeralClaims(context);

/** One finding per claim in the way. Only pods of StatefulSets have names that are known before. Pure. */
export const ephemeralClaims = ({
  templates,
  destObjects,
  dest,
  destNamespace,
  strict,
}: Pick<CheckContext, 'templates' | 'destObjects' | 'destNamespace' | 'strict'> & {
  readonly dest: NamedCluster;
}): Finding[] => {
  const claims = destObjects.filter((object) => groupKind(object) === CLAIM && !isOfPod(object));
  if (claims.length === 0) return [];
  return templates
    .filter(({ object }) => STATEFUL.has(groupKind(object)))
    .flatMap(({ object, spec }) =>
      objectsAt(spec, 'volumes')
        .filter((volume) => objectAt(volume, 'ephemeral') !== undefined)
        .flatMap((volume) => {
          const end = `-${stringAt(volume, 'name') ?? ''}`;
          const isMade = (name: string): boolean =>
            name.startsWith(`${object.metadata.name}-`) &&
            name.endsWith(end) &&
            /^\d+$/.test(name.slice(object.metadata.name.length + 1, -end.length));
          return claims.filter(({ metadata }) => isMade(metadata.name));
        })
        .map(
          ({ metadata: { name } }): Finding => ({
            level: strict === true ? 'refuse' : 'warn',
            id: 'ephemeral-claim',
            subject: `${CLAIM} ${name}`,
            message: `${CLAIM} ${name} in namespace ${destNamespace} of context ${dest.context} has the name of a PVC that a pod of ${object.kind} ${object.metadata.name} creates for itself, so that pod would never start. It holds no lasting data. Delete it with: ${kubectl({ cluster: dest, namespace: destNamespace }, 'delete', 'pvc', name)}`,
          }),
        ),
    );
};

const STATEFUL: ReadonlySet<string> = new Set(['StatefulSet.apps', 'StatefulSet.apps.kruise.io']);

const isOfPod = ({ metadata }: KubeObject): boolean =>
  (metadata.ownerReferences ?? []).some(({ apiVersion, kind }) => apiVersion === 'v1' && kind === 'Pod');
