import { IGNORE } from '../common/annotations.ts';
import type { SideRole } from '../common/side-role.ts';
import type { Json, JsonObject } from '../kube/api-types.ts';
import type { PreflightKind, Right } from '../needs/preflight-result.ts';

type Rule = JsonObject & {
  apiGroups: string[];
  resources: string[];
  resourceNames?: string[];
  verbs: string[];
};

/** A Role, a ClusterRole or a binding of one, as the API takes it. */
export type MinimalRole = JsonObject & {
  apiVersion: string;
  kind: 'Role' | 'ClusterRole' | 'RoleBinding' | 'ClusterRoleBinding';
  metadata: { name: string; namespace?: string; labels: { [key: string]: string } };
  rules?: Rule[];
};

/** Who gets the Roles, and for which namespace of which side. */
export interface RoleScope {
  readonly kind: PreflightKind;
  readonly side: SideRole;
  readonly namespace: string;
  /** The name of the user as the server knows it; undefined where it does not say. */
  readonly user: string | undefined;
}

/**
 * The least Roles that grant the rights of one side, each with its binding: a Role for each namespace, and a
 * ClusterRole for what is outside namespaces. Rules with the same verbs are put together. They carry the mark that
 * keeps a stage from copying them. Pure; the same rights give the same objects.
 */
export const minimalRoles = (scope: RoleScope, rights: readonly Right[]): MinimalRole[] => {
  const own = rights.filter((right) => right.side === scope.side);
  return [...Map.groupBy(own, ({ namespace }) => namespace ?? '')]
    .sort(([a], [b]) => (a === '' ? 1 : b === '' ? -1 : a < b ? -1 : 1))
    .flatMap(([namespace, inside]) => roleWithBinding(scope, namespace, rulesOf(inside)));
};

/** The same as YAML documents for kubectl apply. Values are JSON in flow style, which is YAML. Pure. */
export const rolesYaml = (roles: readonly MinimalRole[]): string =>
  roles
    .map((role) =>
      Object.entries(role)
        .map(([key, value]) =>
          Array.isArray(value)
            ? `${key}:\n${value.map((item) => `- ${flow(item)}`).join('\n')}\n`
            : `${key}: ${flow(value)}\n`,
        )
        .join(''),
    )
    .join('---\n');

const RBAC = 'rbac.authorization.k8s.io';

const roleWithBinding = (
  { kind, side, namespace: ownNamespace, user }: RoleScope,
  namespace: string,
  rules: Rule[],
): MinimalRole[] => {
  const apiVersion = `${RBAC}/v1`;
  // The two namespaces may be in one cluster, and a cluster may have several pairs.
  const name = `dr-syncer-${kind}-${side}`;
  const labels = { [IGNORE]: 'true' };
  const metadata =
    namespace === '' ? { name: `${name}-${ownNamespace}`, labels } : { name, namespace, labels };
  const roleKind = namespace === '' ? 'ClusterRole' : 'Role';
  return [
    { apiVersion, kind: roleKind, metadata, rules },
    {
      apiVersion,
      kind: `${roleKind}Binding`,
      metadata,
      roleRef: { apiGroup: RBAC, kind: roleKind, name: metadata.name },
      subjects: [subjectOf(user)],
    },
  ];
};

// See https://kubernetes.io/docs/reference/access-authn-authz/authentication/#service-account-tokens.
const subjectOf = (user: string | undefined): JsonObject => {
  const [, namespace, name] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(user ?? '') ?? [];
  return namespace === undefined || name === undefined
    ? { kind: 'User', apiGroup: RBAC, name: user ?? '<user>' }
    : { kind: 'ServiceAccount', namespace, name };
};

const rulesOf = (rights: readonly Right[]): Rule[] => {
  const byType = Map.groupBy(rights, (right) =>
    [right.group, resourceOf(right), right.name ?? ''].join('\n'),
  );
  const perType = [...byType.values()].map((same) => {
    const [right] = same as [Right];
    const { group, name } = right;
    return {
      group,
      resource: resourceOf(right),
      name,
      verbs: [...new Set(same.map(({ verb }) => verb))].sort(),
    };
  });
  const merged = Map.groupBy(perType, ({ group, name, verbs }) => [group, name ?? '', ...verbs].join('\n'));
  return [...merged.values()]
    .map((same): Rule => {
      const [{ group, name, verbs }] = same as [(typeof perType)[number]];
      return {
        apiGroups: [group],
        resources: same.map(({ resource }) => resource).sort(),
        ...(name === undefined ? {} : { resourceNames: [name] }),
        verbs,
      };
    })
    .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
};

const resourceOf = ({ resource, subresource }: Right): string =>
  subresource === undefined ? resource : `${resource}/${subresource}`;

const flow = (value: Json | undefined): string => {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).flatMap(([key, item]) =>
    item === undefined ? [] : `${keyText(key)}: ${flow(item)}`,
  );
  return `{ ${fields.join(', ')} }`;
};

const keyText = (key: string): string => (/^[A-Za-z]+$/.test(key) ? key : JSON.stringify(key));
