import type { Json, JsonObject } from '../../kube/types.ts';
import type { PreflightKind, Right, SideName } from './types.ts';

/** A Role or ClusterRole as an object for the API, with the rules that a run needs and those that only help. */
export interface MinimalRole {
  readonly apiVersion: 'rbac.authorization.k8s.io/v1';
  readonly kind: 'Role' | 'ClusterRole';
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly rules: readonly Rule[];
}

export type Rule = JsonObject & {
  apiGroups: string[];
  resources: string[];
  resourceNames?: string[];
  verbs: string[];
};

/**
 * The least Roles that grant the rights of one side: one Role for each namespace and a ClusterRole for what is outside
 * namespaces. Rules with the same verbs are put together. Pure; the same rights give the same text.
 */
export const minimalRoles = (
  kind: PreflightKind,
  side: SideName,
  rights: readonly Right[],
): MinimalRole[] => {
  const own = rights.filter((right) => right.side === side);
  const byNamespace = Map.groupBy(own, ({ namespace }) => namespace ?? '');
  const name = `dr-syncer-${kind}`;
  return [...byNamespace]
    .sort(([a], [b]) => (a === '' ? 1 : b === '' ? -1 : a < b ? -1 : 1))
    .map(([namespace, inside]) => ({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: namespace === '' ? 'ClusterRole' : 'Role',
      // A ClusterRole is one for the whole cluster, so the side is part of its name.
      metadata: namespace === '' ? { name: `${name}-${side}` } : { name, namespace },
      rules: rulesOf(inside),
    }));
};

/** The same as YAML documents for kubectl apply. Values are JSON in flow style, which is YAML. Pure. */
export const rolesYaml = (roles: readonly MinimalRole[]): string =>
  roles
    .map(({ apiVersion, kind, metadata, rules }) =>
      [
        `apiVersion: ${apiVersion}`,
        `kind: ${kind}`,
        'metadata:',
        ...Object.entries(metadata).map(([key, value]) => `  ${key}: ${JSON.stringify(value)}`),
        'rules:',
        ...rules.flatMap((rule) =>
          Object.entries(rule).map(
            ([key, value], index) => `${index === 0 ? '- ' : '  '}${key}: ${flow(value)}`,
          ),
        ),
        '',
      ].join('\n'),
    )
    .join('---\n');

const rulesOf = (rights: readonly Right[]): Rule[] => {
  const byType = Map.groupBy(rights, ({ group, resource, name }) => [group, resource, name ?? ''].join('\n'));
  const perType = [...byType.values()].map((same) => {
    const [{ group, resource, name }] = same as [Right];
    return { group, resource, name, verbs: [...new Set(same.map(({ verb }) => verb))].sort() };
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

const flow = (value: Json | undefined): string =>
  Array.isArray(value) ? `[${value.map((item) => JSON.stringify(item)).join(', ')}]` : JSON.stringify(value);
