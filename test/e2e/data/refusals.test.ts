import { describe, expect, it } from 'vitest';
import {
  applyObject,
  applyYaml,
  contextOf,
  deleteJson,
  getJson,
  type Json,
  pair,
  waitUntil,
} from '../../cluster/client.ts';
import { boundClaims, claim, installClaims, makeVolume, openMover } from '../../helpers/data-app.ts';
import { move, moveTo } from '../../helpers/moves.ts';
import { runDr } from '../../helpers/program.ts';
import { asAccount, stageWell } from '../../helpers/stage.ts';

const COPY = ['--migrate-pvc-data'];

describe('what is refused before anything is stopped', () => {
  it('D36, D37: claims that cannot be copied, each with its reason; the source runs on', async () => {
    const namespace = await installClaims('refuse', {
      claims: ['block', 'held'],
      mounted: [],
      staged: false,
    });
    const mover = openMover();
    await deleteJson('source', 'PersistentVolumeClaim', 'block', namespace);
    await deleteJson('source', 'PersistentVolume', `${namespace}-block`);
    // A claim and its volume are kept until nothing uses them, each on its own.
    await waitUntil(
      'the claim and the volume to go',
      async () =>
        !(await getJson('source', 'PersistentVolumeClaim', 'block', namespace)) &&
        !(await getJson('source', 'PersistentVolume', `${namespace}-block`)),
    );
    await makeVolume('source', namespace, 'block', { volumeMode: 'Block' });
    await applyObject('source', claim('block', { volumeMode: 'Block' }), namespace);
    await boundClaims('source', namespace, 2);
    await applyObject('source', podOf('finished', 'held'), namespace);
    await waitUntil(
      'the pod to run',
      async () => (await getJson('source', 'Pod', 'finished', namespace))?.status?.phase === 'Running',
    );
    await stageWell(namespace);
    const run = await moveTo(3, 'cutover', namespace, {
      args: [...COPY, '--ignore-bare-pods'],
      env: mover.env,
    });
    for (const reason of [
      /block: its volumeMode is Block: only file systems can be copied/,
      /held: the source PVC is used by pod finished/,
    ])
      expect(run.document.summary).toMatch(reason);
    expect((await getJson('source', 'Deployment', 'web', namespace)).status.readyReplicas).toBe(2);
    expect(mover.noted('attempt')).toEqual([]);
    const plan = await moveTo(3, 'cutover', namespace, {
      args: [...COPY, '--ignore-bare-pods', '--dry-run'],
      env: mover.env,
    });
    expect(plan.document.summary).toMatch(/volumeMode is Block/);
  }, 120_000);

  it('a preflight before the first stage has its whole report, whatever becomes of the data', async () => {
    const namespace = await installClaims('refuse', { claims: ['files'], replicas: 1, staged: false });
    const mover = openMover();
    const first = await moveTo(3, 'preflight', namespace, { args: COPY, env: mover.env });
    expect(first.document.schema).toBe('dr-syncer.io/preflight-result/v1');
    const rows = first.document.checks.map(({ id, level }: Json) => `${level} ${id}`);
    expect(rows).toContain('refuse staged');
    expect(rows).toContain('info volume-data');
    expect(JSON.stringify(first.document.checks)).toMatch(/1 PVC to copy; whether pv-migrate pods/);
    // A program that is missing is one of the findings.
    const none = await moveTo(3, 'preflight', namespace, {
      args: [...COPY, '--pv-migrate-path', '/nonexistent/x'],
      env: mover.env,
    });
    const refused = none.document.checks.filter(({ level }: Json) => level === 'refuse');
    expect(refused.map(({ id }: Json) => id).sort()).toEqual(['staged', 'volume-data']);
  }, 120_000);

  it('D2, D10: a program that is missing, and flags that go wrong, without a request to the clusters', async () => {
    const mover = openMover();
    const none = await stageCommand(3, [...COPY, '--pre-copy'], { PATH: '/nonexistent' });
    expect(none.document.error.message).toMatch(/requires pv-migrate, which is not on PATH/);
    expect(none.document.error.hint).toMatch(
      /github.com\/utkuozdemir\/pv-migrate\/releases.*--pv-migrate-path/,
    );
    for (const [code, args, said] of [
      [2, COPY, /stage copies data only while the source runs, which is not consistent/],
      [2, ['--pre-copy'], /--pre-copy requires --migrate-pvc-data/],
      [2, [...COPY, '--pre-copy', '--verify', 'size'], /A pre-copy cannot be verified/],
      [2, ['--verify', 'checksum'], /--verify: no data is copied without --migrate-pvc-data/],
      [2, ['--data-bandwidth', '5'], /--data-bandwidth: no data is copied without/],
      [
        2,
        [...COPY, '--pre-copy', '--pv-migrate-flags', '--source=x'],
        /must not contain --source=x: dr-syncer names the PVCs/,
      ],
      [2, [...COPY, '--pre-copy', '--pv-migrate-flags', `--helm-set 'a`], /has an unclosed ' quote/],
      [
        3,
        [...COPY, '--pre-copy', '--pv-migrate-flags', '--bogus'],
        /rejects its arguments: Error: unknown flag: --bogus/,
      ],
      [
        3,
        [...COPY, '--pre-copy', '--pv-migrate-path', '/nonexistent/x'],
        /No program found at \/nonexistent\/x/,
      ],
    ] as const) {
      const { document } = await stageCommand(code, args, mover.env);
      expect(document.error.message).toMatch(said);
    }
  }, 120_000);

  it('D41: a namespace with the restricted pod security level, and the option that lets the mover in', async () => {
    const namespace = await installClaims('refuse', { claims: ['files'], replicas: 1 });
    const mover = openMover();
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    for (const side of ['source', 'dest'] as const)
      await applyObject(side, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels } });
    const args = [...COPY, ...IGNORE];
    const run = await moveTo(3, 'cutover', namespace, { args, env: mover.env });
    expect(run.document.summary).toMatch(/does not admit pv-migrate pods: .*PodSecurity/);
    expect(run.document.hint).toMatch(/--pv-migrate-non-root/);
    expect((await getJson('source', 'Deployment', 'web', namespace)).status.readyReplicas).toBe(1);
    const asked = await moveTo(0, 'preflight', namespace, {
      args: [...args, '--pv-migrate-non-root'],
      env: mover.env,
    });
    expect(JSON.stringify(asked.document.checks)).toMatch(/Volume data: 1 PVC to copy/);
  }, 120_000);

  it('D40: a user who may not do what the program needs, with the rights that are missing', async () => {
    const namespace = await installClaims('refuse', { claims: ['files'], replicas: 1 });
    const mover = openMover();
    await applyYaml('source', namespace, READER);
    await asAccount('source', namespace, 'reader', async (kubeconfig) => {
      const source = { kubeconfig, context: contextOf('source') };
      const run = await move('preflight', namespace, { args: COPY, env: mover.env, source });
      expect(run.exitCode, run.stderr).toBe(3);
      expect(run.exitCode, run.stderr).toBe(3);
      const missing = JSON.stringify(run.document.missingRights);
      for (const right of ['jobs', '"log"', 'secrets', 'networkpolicies']) expect(missing).toContain(right);
      expect(run.document.roleYaml.source).toMatch(/serviceaccounts/);
      expect(mover.noted('attempt')).toEqual([]);
    });
  }, 120_000);

  it('D41: a quota that asks for resources', async () => {
    const namespace = await installClaims('refuse', { claims: ['files'], replicas: 1 });
    const mover = openMover();
    await applyObject('dest', QUOTA, namespace);
    await waitUntil(
      'the quota',
      async () => (await getJson('dest', 'ResourceQuota', 'cpu', namespace))?.status?.hard,
    );
    const run = await moveTo(3, 'cutover', namespace, { args: [...COPY, ...IGNORE], env: mover.env });
    expect(run.document.summary).toMatch(/does not admit pv-migrate pods: .*must specify/);
    expect(run.document.hint).toMatch(/--pv-migrate-resources/);
    const args = [...COPY, ...IGNORE, '--pv-migrate-resources', '{requests: {cpu: 100m}}'];
    const plan = await moveTo(4, 'cutover', namespace, {
      args: [...args, '--wait-timeout', '3s'],
      env: mover.env,
    });
    expect(plan.document.steps.find((step: Json) => step.id === 'copy-data')).toMatchObject({
      state: 'done',
    });
    await moveTo(0, 'rollback', namespace, { env: mover.env });
  }, 120_000);
});

// What the checks say of the pods of the application is not what these tests are about.
const IGNORE = ['--ignore-preflight', 'pod-dry-run,quota'];

const stageCommand = async (
  code: number,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<{ readonly document: Json }> => {
  const sides = ['--source-context', contextOf('source'), '--dest-context', contextOf('dest')];
  const run = await runDr(['stage', ...sides, '-n', 'never-looked-at', '-o', 'json', ...args], {
    env: { ...env, KUBECONFIG: pair().kubeconfig },
  });
  expect(run.exitCode, run.stderr).toBe(code);
  return { document: JSON.parse(run.stdout) };
};

const READER = `
apiVersion: v1
kind: ServiceAccount
metadata: { name: reader }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: reader }
rules: [{ apiGroups: ["*"], resources: [pods, persistentvolumeclaims], verbs: [get, list, watch] }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: reader }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader }
subjects: [{ kind: ServiceAccount, name: reader }]
`;

const QUOTA = {
  apiVersion: 'v1',
  kind: 'ResourceQuota',
  metadata: { name: 'cpu' },
  spec: { hard: { 'requests.cpu': '10' } },
};

const podOf = (name: string, claimName: string): Json => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: {
    restartPolicy: 'Never',
    containers: [{ name: 'main', image: 'example.invalid/a' }],
    volumes: [{ name: 'data', persistentVolumeClaim: { claimName } }],
  },
});
