import { api, applyObject, applyYaml, type Json, type Side, waitUntil } from '../cluster/client.ts';

/** One rule of a Role. */
export interface RoleRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/**
 * Makes a service account in a namespace with a Role of these rules there (none: no Role), and returns a token for
 * it. Resolves when the server grants `probe`, a path that the account may read.
 */
export async function accountToken(
  side: Side,
  namespace: string,
  rules: readonly RoleRule[],
  probe?: string,
): Promise<string> {
  await applyYaml(side, namespace, '{ apiVersion: v1, kind: ServiceAccount, metadata: { name: operator } }');
  if (rules.length > 0) {
    await applyObject(
      side,
      { apiVersion: RBAC, kind: 'Role', metadata: { name: 'operator' }, rules },
      namespace,
    );
    await applyYaml(side, namespace, BINDING);
  }
  const { body } = await api(side)('POST', `/api/v1/namespaces/${namespace}/serviceaccounts/operator/token`, {
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
  });
  const { token } = body.status;
  if (probe !== undefined) {
    await waitUntil(`the right to read ${probe}`, async () => {
      return (await api(side)('GET', probe, { token })).status === 200;
    });
  }
  return token;
}

/** Rules for reading a namespace with everything in it but some core types. */
export async function readAllBut(side: Side, excluded: readonly string[]): Promise<RoleRule[]> {
  const [core, groups] = await Promise.all([api(side)('GET', '/api/v1'), api(side)('GET', '/apis')]);
  const resources: string[] = core.body.resources
    .map(({ name }: Json) => name)
    .filter((name: string) => !excluded.includes(name));
  return [
    { apiGroups: [''], resources, verbs: READ },
    { apiGroups: groups.body.groups.map(({ name }: Json) => name), resources: ['*'], verbs: READ },
  ];
}

/** Rules for everything in a namespace. */
export const EVERYTHING: readonly RoleRule[] = [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }];

const RBAC = 'rbac.authorization.k8s.io/v1';
const READ = ['get', 'list', 'watch'];

const BINDING = `
apiVersion: ${RBAC}
kind: RoleBinding
metadata: { name: operator }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: operator }
subjects: [{ kind: ServiceAccount, name: operator }]
`;
