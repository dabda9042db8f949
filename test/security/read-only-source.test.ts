import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { applyObject, contextOf, deleteJson, type Json } from '../cluster/client.ts';
import { askedBy, isAudited } from '../helpers/audit.ts';
import { deployment, installYaml } from '../helpers/move-app.ts';
import { moveTo } from '../helpers/moves.ts';
import { asAccount } from '../helpers/stage.ts';

const ROOT = join(import.meta.dirname, '..', '..');

// The Roles that docs/stage.md shows, for another namespace and under names of their own.
const documented = (namespace: string): Json[] => {
  const [, yaml = ''] = /## Least privilege[\s\S]*?```yaml\n([\s\S]*?)```/.exec(
    readFileSync(join(ROOT, 'docs', 'stage.md'), 'utf8'),
  ) ?? [''];
  return parseAllDocuments(yaml).map((document) => {
    const role = document.toJS();
    const inside = role.kind === 'Role';
    return { ...role, metadata: { name: `stage-${namespace}`, ...(inside ? { namespace } : {}) } };
  });
};

const SECRET = `
---
apiVersion: v1
kind: Secret
metadata: { name: login }
stringData: { password: read-and-copied }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { ports: [{ port: 80 }], selector: { app: web } }
`;

test('a source credential that may only read is enough for a stage, with the Roles of docs/stage.md', async () => {
  const namespace = await installYaml('read-only', `${deployment('web', 1)}${SECRET}`, { staged: false });
  const subjects = [{ kind: 'ServiceAccount', name: 'default', namespace }];
  const roles = documented(namespace);
  expect(roles.map(({ kind }) => kind)).toEqual(['Role', 'ClusterRole']);
  for (const role of roles) {
    const { apiVersion, kind, metadata } = role;
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind, name: metadata.name };
    await applyObject('source', role);
    await applyObject('source', { apiVersion, kind: `${kind}Binding`, metadata, roleRef, subjects });
  }
  onTestFinished(async () => {
    await deleteJson('source', 'ClusterRoleBinding', `stage-${namespace}`);
    await deleteJson('source', 'ClusterRole', `stage-${namespace}`);
  });
  await asAccount('source', namespace, 'default', async (kubeconfig) => {
    const source = { kubeconfig, context: contextOf('source') };
    const { document } = await moveTo(0, 'stage', namespace, { source });
    expect(document.totals.created).toBeGreaterThan(1);
    expect(document.objects).toContainEqual(
      expect.objectContaining({ kind: 'Secret', name: 'login', action: 'created' }),
    );
    expect(document.findings.filter(({ code }: Json) => code === 'cannot-check')).toEqual([]);
  });
  if (!isAudited()) return;
  const asked = askedBy('source', `system:serviceaccount:${namespace}:default`);
  expect(asked.length).toBeGreaterThan(20);
  // Reviews are creations that store nothing.
  const writes = asked.filter(
    ({ verb, resource }) => !['get', 'list', 'watch'].includes(verb) && !resource.endsWith('reviews'),
  );
  expect(writes).toEqual([]);
});
