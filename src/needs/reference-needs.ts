import { kubectl, type NamedCluster } from '../common/command-line.ts';
import { nameList } from '../common/sentences.ts';
import type { KubeObject } from '../kube/api-types.ts';
import { mapBounded } from '../kube/map-bounded.ts';
import { groupKind, objectKey } from '../kube/object-names.ts';
import { own } from '../kube/raw-json.ts';
import type { Finding } from './findings.ts';
import type { Check, CheckContext } from './need-types.ts';
import { isMadeThere, objectReferences, type Reference, templateReferences } from './reference-sources.ts';

/**
 * Whether everything that the copied objects name in their namespace is copied or exists at the destination.
 * References that are marked optional are left out.
 */
export const checkReferences: Check = async (context) => {
  const { desired, destObjects, templates, lister, destNamespace, signal } = context;
  const references = [...templateReferences(templates), ...objectReferences(desired)];
  const open = openReferences(references, [...desired, ...destObjects]);
  // A type that was left out of this run was not listed at the destination, so what is there is asked for by name.
  const found = await mapBounded(
    open,
    LOOK_UPS,
    async ([{ kind, name }]) => {
      const type = own(KINDS, kind)?.type;
      if (type === undefined || context.destNamespaceObject === undefined)
        return { state: 'absent' } as const;
      return lister.get(
        'dest',
        type,
        destNamespace,
        name,
        `whether everything that the copy references in ${type} exists`,
      );
    },
    signal,
  );
  return open.flatMap((uses, index) =>
    found[index]?.state === 'absent' ? [referenceFinding(context, uses)] : [],
  );
};

/** References to one object; never empty. */
export type Uses = readonly [Reference, ...Reference[]];

/** The references that no object of the list answers and nothing makes, grouped by what they name. Pure. */
export const openReferences = (references: readonly Reference[], objects: readonly KubeObject[]): Uses[] => {
  const existing = new Set(objects.map(objectKey));
  const open = new Map<string, [Reference, ...Reference[]]>();
  for (const reference of references) {
    const key = `${reference.kind}/${reference.name}`;
    if (existing.has(key) || isMadeThere(reference, objects)) continue;
    const group = open.get(key);
    if (group === undefined) open.set(key, [reference]);
    else group.push(reference);
  }
  return [...open.values()];
};

type Names = Pick<CheckContext, 'sourceNamespace' | 'destNamespace' | 'sourceObjects'> & {
  readonly source: NamedCluster;
  readonly dest: NamedCluster;
};

/** The finding about one object that is named and missing. Pure. */
export const referenceFinding = (context: Names, uses: Uses): Finding => {
  const [{ kind, name }] = uses;
  const subject = `${kind.split('.')[0]} ${name}`;
  const users = [...new Set(uses.map(({ user }) => user))].sort();
  const atSource = context.sourceObjects.some(
    (object) => groupKind(object) === kind && object.metadata.name === name,
  );
  return {
    level: 'warn',
    id: 'reference-missing',
    subject,
    message:
      `${subject} is referenced by ${nameList(users)}, but is not part of this copy and does not exist in namespace ` +
      `${context.destNamespace} of context ${context.dest.context}${own(KINDS, kind)?.effect ?? ''}. ` +
      `${atSource ? 'The source has it; inspect it' : 'Check whether the source has it'} with: ` +
      kubectl(
        { cluster: context.source, namespace: context.sourceNamespace },
        'get',
        `${own(KINDS, kind)?.type ?? kind}/${name}`,
      ),
  };
};

const LOOK_UPS = 8;
const NO_START = ', so pods cannot start without it';

// How each kind is looked up (as typeName() names its type), and what its absence means.
const KINDS: Readonly<Record<string, { readonly type: string; readonly effect: string }>> = {
  ConfigMap: { type: 'configmaps', effect: NO_START },
  Secret: { type: 'secrets', effect: '' },
  ServiceAccount: { type: 'serviceaccounts', effect: ', so no pod is created' },
  PersistentVolumeClaim: { type: 'persistentvolumeclaims', effect: NO_START },
  'ResourceClaim.resource.k8s.io': { type: 'resourceclaims.resource.k8s.io', effect: NO_START },
  'ResourceClaimTemplate.resource.k8s.io': {
    type: 'resourceclaimtemplates.resource.k8s.io',
    effect: NO_START,
  },
  'Role.rbac.authorization.k8s.io': {
    type: 'roles.rbac.authorization.k8s.io',
    effect: ', so nothing is granted',
  },
};

/** The types whose objects are looked up by name, as typeName() names them. */
export const REFERENCED_TYPES: readonly string[] = Object.values(KINDS).map(({ type }) => type);
