import { kubectl, type NamedCluster } from '../common/command-line.ts';
import { nameList } from '../common/sentences.ts';
import type { JsonObject, KubeObject } from '../kube/api-types.ts';
import { listAt, objectsAt, stringAt } from '../kube/raw-json.ts';
import type { Finding } from './findings.ts';
import type { Check, CheckContext, Listed } from './need-types.ts';

/**
 * Which rights the namespace's ServiceAccounts have at the source from outside the namespace: these are not copied.
 * A grant that the destination has already, for the same role, is left out.
 */
export const checkGrants: Check = async (context) => {
  const found = await Promise.all(
    Object.entries(BINDINGS).map(async ([type, kind]) => {
      const question = `whether other ${kind}s grant permissions to ServiceAccounts of the namespace`;
      const grants = grantsOf(
        objectsIn(await context.lister.list('source', type, question)),
        context.sourceNamespace,
      );
      if (grants.length === 0) return [];
      const have = await context.lister.list('dest', type, `whether the ${kind}s of the source exist`);
      return newGrants(grants, grantsOf(objectsIn(have), context.destNamespace)).map((grant) =>
        grantFinding(context, type, grant),
      );
    }),
  );
  return found.flat();
};

/** An object outside the namespace that gives rights to ServiceAccounts in it. */
export interface Grant {
  readonly object: KubeObject;
  /** `ServiceAccount web`, `all ServiceAccounts`. */
  readonly subjects: readonly string[];
  /** `ClusterRole admin in namespace other`: equal for grants of the same rights. */
  readonly role: string;
}

const BINDINGS: Readonly<Record<string, string>> = {
  'clusterrolebindings.rbac.authorization.k8s.io': 'ClusterRoleBinding',
  'rolebindings.rbac.authorization.k8s.io': 'RoleBinding',
  'securitycontextconstraints.security.openshift.io': 'SecurityContextConstraints',
};

/**
 * The grants among bindings (and OpenShift's SecurityContextConstraints) of a cluster to subjects of a namespace,
 * less the bindings in that namespace and those that Kubernetes itself makes. Pure.
 */
export const grantsOf = (objects: readonly KubeObject[], namespace: string): Grant[] =>
  objects.flatMap((object) => {
    if (object.metadata.namespace === namespace) return [];
    if (object.metadata.labels?.['kubernetes.io/bootstrapping'] === 'rbac-defaults') return [];
    const subjects = [
      ...new Set(subjectsOf(object).flatMap((subject) => subjectIn(subject, namespace) ?? [])),
    ];
    return subjects.length === 0 ? [] : [{ object, subjects, role: roleOf(object) }];
  });

/** The grants of the source less those that the destination gives to the same subjects. Pure. */
export const newGrants = (source: readonly Grant[], dest: readonly Grant[]): Grant[] =>
  source.filter((grant) => {
    const given = dest.filter((item) => item.role === grant.role).flatMap((item) => item.subjects);
    return !grant.subjects.every((subject) => given.includes(subject));
  });

/** The finding about one grant. Pure. */
export const grantFinding = (
  { source, sourceNamespace }: Pick<CheckContext, 'sourceNamespace'> & { source: NamedCluster },
  type: string,
  { object, subjects, role }: Grant,
): Finding => {
  const { name, namespace } = object.metadata;
  const where = namespace === undefined ? '' : ` in namespace ${namespace}`;
  return {
    level: 'info',
    id: 'grant-not-copied',
    subject: `${object.kind} ${name}${where}`,
    message:
      `${object.kind} ${name}${where} of context ${source.context} grants ${role} to ${nameList(subjects)} of ` +
      `namespace ${sourceNamespace}. It is outside the namespace and is not copied; if the copy needs it, create ` +
      `the same grant at the destination. Inspect it with: ` +
      kubectl(
        namespace === undefined ? source : { cluster: source, namespace },
        'get',
        `${type}/${name}`,
        '-o',
        'yaml',
      ),
  };
};

const objectsIn = (listed: Listed): readonly KubeObject[] =>
  listed.state === 'listed' ? listed.objects : [];

// SecurityContextConstraints keep user and group names at their top level.
const subjectsOf = (object: KubeObject): JsonObject[] => [
  ...objectsAt(object, 'subjects'),
  ...listAt(object, 'users').map((name): JsonObject => ({ kind: 'User', name })),
  ...listAt(object, 'groups').map((name): JsonObject => ({ kind: 'Group', name })),
];

const subjectIn = (subject: JsonObject, namespace: string): string | undefined => {
  const name = stringAt(subject, 'name') ?? '';
  const user = `system:serviceaccount:${namespace}:`;
  switch (stringAt(subject, 'kind')) {
    case 'ServiceAccount':
      return stringAt(subject, 'namespace') === namespace ? `ServiceAccount ${name}` : undefined;
    case 'User':
      return name.startsWith(user) ? `ServiceAccount ${name.slice(user.length)}` : undefined;
    case 'Group':
      return name === `system:serviceaccounts:${namespace}` ? 'all ServiceAccounts' : undefined;
    default:
      return undefined;
  }
};

const roleOf = (object: KubeObject): string => {
  const { name, namespace } = object.metadata;
  if (object['roleRef'] === undefined) return `the use of ${object.kind} ${name}`;
  const role = `${stringAt(object, 'roleRef', 'kind') ?? 'Role'} ${stringAt(object, 'roleRef', 'name') ?? ''}`;
  return namespace === undefined ? role : `${role} in namespace ${namespace}`;
};
