import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import {
  applyYaml,
  contextOf,
  createNamespace,
  deleteJson,
  freshNamespace,
  type Json,
  listJson,
  pair,
} from '../cluster/client.ts';
import { makeIdentity } from '../cluster/x509.ts';
import { podsIn, probePod, untilNotRefused, untilRefused } from '../helpers/enforced.ts';
import { type FaultProxy, startFaultProxy } from '../helpers/fault-proxy.ts';
import { anything } from '../helpers/faults.ts';
import { type ProgramRun, runDr } from '../helpers/program.ts';
import { accountToken } from '../helpers/rights.ts';
import { patchAndRollOut } from '../helpers/rolled-out.ts';
import { stageWell } from '../helpers/stage.ts';

const CALL_FAILED = /failed calling webhook/;

let namespace: string;
let proxy: FaultProxy;

beforeAll(async () => {
  namespace = freshNamespace('ready');
  await createNamespace('source', namespace);
  await applyYaml('source', namespace, APP);
  await stageWell(namespace);
  proxy = await startFaultProxy({ kubeconfig: pair().kubeconfig, context: contextOf('dest') });
});
afterAll(async () => {
  await proxy?.stop();
  for (const side of ['source', 'dest'] as const) await deleteJson(side, 'Namespace', namespace);
});

/** Runs `dr-syncer preflight` on the namespace; `dest` is a kubeconfig to reach the destination by. */
const preflight = (args: readonly string[] = [], dest = pair().kubeconfig): Promise<ProgramRun> =>
  runDr([
    'preflight',
    ...args,
    ...['--source-kubeconfig', pair().kubeconfig, '--source-context', contextOf('source')],
    ...['--dest-kubeconfig', dest, '--dest-context', contextOf('dest'), '-n', namespace],
  ]);

/** The rows of the JSON form as `level id subject`, of the levels that are not good. */
const findings = ({ stdout }: ProgramRun): string[] =>
  JSON.parse(stdout)
    .checks.filter(({ level }: Json) => !['ok', 'info'].includes(level))
    .map(({ level, id, subject }: Json) => `${level} ${id} ${subject}`);

const messageOf = ({ stdout }: ProgramRun, id: string): string =>
  JSON.parse(stdout).checks.find((check: Json) => check.id === id && !['ok', 'info'].includes(check.level))
    .message;

describe('the command', () => {
  test('ends with 0 when nothing is in the way, and says so as text, JSON and YAML', async () => {
    const text = await preflight();
    expect(text.exitCode, text.stdout).toBe(0);
    expect(text.stdout).toContain('Ready for a cutover');
    expect(text.stdout).toMatch(/\d+ checks passed\./);
    const [json, yaml] = [await preflight(['-o', 'json']), await preflight(['cutover', '-o', 'yaml'])];
    for (const document of [JSON.parse(json.stdout), parse(yaml.stdout)]) {
      expect(document).toMatchObject({
        schema: 'dr-syncer.io/preflight-result/v1',
        kind: 'cutover',
        outcome: 'ok',
        exitCode: 0,
        missingRights: [],
        roleYaml: {},
      });
    }
  });

  test('F9: ends with 3 and prints the Role when one right is missing', async () => {
    const token = await accountToken('dest', namespace, []);
    const dest = proxy.writeKubeconfig(contextOf('dest'), { user: { token } });
    proxy.clear();
    const run = await preflight([], dest);
    expect(run.exitCode).toBe(3);
    const [, printed = ''] = run.stdout.split(
      `# Permissions that a cutover uses in context ${contextOf('dest')}:\n`,
    );
    const roles = parseAllDocuments(printed.split('\n\n')[0] ?? '').map((document) => document.toJS());
    expect(roles.map(({ kind }) => kind)).toEqual([
      'Role',
      'RoleBinding',
      'ClusterRole',
      'ClusterRoleBinding',
    ]);
    expect(roles[1]?.subjects).toEqual([{ kind: 'ServiceAccount', namespace, name: 'operator' }]);
    expect(`${run.stdout}${run.stderr}`).not.toContain(token);
    expect(JSON.stringify(roles)).not.toContain('pods/');

    // A copy of volume data is done by another program, with rights of its own.
    const copying = await preflight(['--migrate-pvc-data', '-o', 'json'], dest);
    expect(copying.exitCode).toBe(3);
    const [role] = parseAllDocuments(JSON.parse(copying.stdout).roleYaml.dest).map((item) => item.toJS());
    const verbsOf = (resource: string): string[] =>
      role.rules.flatMap((rule: Json) => (rule.resources.includes(resource) ? rule.verbs : []));
    expect(verbsOf('pods/log')).toEqual(['get']);
    expect(verbsOf('pods/portforward')).toEqual(['create']);
    expect(verbsOf('secrets')).toEqual(expect.arrayContaining(['create', 'delete']));
  });

  test('a failover is checked without the source, and a stage that is too old is refused', async () => {
    const fine = await preflight(['failover', '-o', 'json']);
    expect(findings(fine)).toEqual([]);
    expect(fine.exitCode).toBe(0);
    const old = await preflight(['failover', '--max-stage-age', '1ms', '-o', 'json']);
    expect(old.exitCode).toBe(3);
    expect(findings(old)).toEqual([expect.stringMatching(/^refuse stage-age /)]);
    const anyway = await preflight(['failover', '--max-stage-age', '1ms', '--ignore-preflight', 'stage-age']);
    expect(anyway.exitCode).toBe(0);
  });

  test('a destination that does not answer is an error, not a finding', async () => {
    const dest = proxy.writeKubeconfig(contextOf('dest'));
    proxy.clear();
    await proxy.goDown();
    const run = await preflight(['-o', 'json'], dest);
    await proxy.comeBack();
    expect(run.exitCode).toBe(3);
    expect(JSON.parse(run.stdout)).toMatchObject({
      schema: 'dr-syncer.io/error/v1',
      error: { type: 'kubernetes-api', message: expect.stringContaining('ECONNREFUSED') },
    });
  });
});

describe('what the destination lacks', () => {
  // One application that needs a little of everything; every one of its needs must be named.
  let needy: ProgramRun;
  beforeAll(async () => {
    await applyYaml('source', namespace, NEEDS);
    needy = await preflight(['-o', 'json']);
    for (const [kind, name] of NEEDED) await deleteJson('source', kind, name, namespace);
  });

  test.each([
    ['F53: a StorageClass', 'refuse', 'storage-class-missing', 'StorageClass gone'],
    ['F56: a ClusterRole', 'refuse', 'cluster-role-missing', 'ClusterRole gone'],
    ['F55: an IngressClass', 'warn', 'ingress-class-missing', 'IngressClass gone'],
    ['F55: a PriorityClass', 'refuse', 'priority-class-missing', 'PriorityClass gone'],
    ['F55: a RuntimeClass', 'refuse', 'runtime-class-missing', 'RuntimeClass gone'],
    ['F12: an image pull secret', 'warn', 'pull-secrets', 'Secret gone'],
    ['room for one large pod', 'warn', 'capacity', 'Deployment needy'],
    ['room for all pods', 'warn', 'capacity', 'memory'],
  ])('%s is a finding of its own', (_what, level, id, subject) => {
    expect(findings(needy)).toContain(`${level} ${id} ${subject}`);
    expect(needy.exitCode).toBe(3);
  });
});

test('F11: a webhook of the destination that does not answer is found by the dry run of a pod', async () => {
  const name = `webhook-${namespace}`;
  await applyYaml('dest', undefined, webhookYaml(name, namespace));
  try {
    await untilRefused('dest', podsIn(namespace), probePod(), CALL_FAILED);
    const run = await preflight(['-o', 'json']);
    expect(findings(run)).toEqual(['refuse pod-dry-run Deployment web']);
    expect(messageOf(run, 'pod-dry-run')).toMatch(/failed calling webhook/);
    expect(await listJson('dest', 'Pod', namespace)).toEqual([]);
  } finally {
    await deleteJson('dest', 'ValidatingWebhookConfiguration', name);
    await untilNotRefused('dest', podsIn(namespace), probePod(), CALL_FAILED);
  }
});

test('F12: a container image of a template is not asked for, and its pull secret is', async () => {
  const secret = { spec: { template: { spec: { imagePullSecrets: [{ name: 'registry' }] } } } };
  await patchAndRollOut('source', 'web', namespace, secret);
  const run = await preflight(['-o', 'json']);
  expect(findings(run)).toEqual(['warn pull-secrets Secret registry']);
  await patchAndRollOut('source', 'web', namespace, {
    spec: { template: { spec: { imagePullSecrets: null } } },
  });
});

describe('the credentials and the clocks', () => {
  test.each([
    ['has ended', -60, 3, 'refuse', /expired 1 m( \d+ s)? ago/],
    ['ends during the move', 300, 3, 'refuse', /expires in (4 m|5 m).*expected to take 10 m/],
    ['ends soon after it', 1200, 0, 'warn', /a longer wait or a rollback may last longer/],
  ])('F8: a client certificate that %s', async (_what, seconds, code, level, sentence) => {
    const { certPem, keyPem } = makeIdentity({
      commonName: 'somebody',
      notAfter: new Date(Date.now() + seconds * 1000),
    });
    const user = {
      'client-certificate-data': Buffer.from(certPem).toString('base64'),
      'client-key-data': Buffer.from(keyPem).toString('base64'),
    };
    proxy.clear();
    const run = await preflight(['-o', 'json'], proxy.writeKubeconfig(contextOf('dest'), { user }));
    expect(findings(run)).toEqual([`${level} credentials context ${contextOf('dest')}`]);
    expect(messageOf(run, 'credentials')).toMatch(sentence);
    expect(run.exitCode).toBe(code);
  });

  test('F26: a clock that is off is a warning with what it means', async () => {
    proxy.clear();
    proxy.inject({
      match: anything,
      action: async (exchange) => {
        const answer = await exchange.forward();
        answer.headers.date = new Date(Date.now() + 130_000).toUTCString();
        await exchange.pass(answer);
      },
    });
    const run = await preflight(['-o', 'json'], proxy.writeKubeconfig(contextOf('dest')));
    expect(findings(run).sort()).toEqual(['warn clock clocks', `warn clock context ${contextOf('dest')}`]);
    expect(messageOf(run, 'clock')).toMatch(/2 m( \d+ s)? ahead of/);
    expect(run.exitCode).toBe(0);
  });
});

const APP = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 1
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: main, image: example.invalid/web:1 }] }
`;

const NEEDED = [
  ['PersistentVolumeClaim', 'needy'],
  ['RoleBinding', 'needy'],
  ['Ingress', 'needy'],
  ['Deployment', 'needy'],
] as const;

const NEEDS = `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: needy }
spec: { storageClassName: gone, accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: needy }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: gone }
subjects: []
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: needy }
spec: { ingressClassName: gone, defaultBackend: { service: { name: web, port: { number: 80 } } } }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: needy }
spec:
  replicas: 2
  selector: { matchLabels: { app: needy } }
  template:
    metadata: { labels: { app: needy } }
    spec:
      priorityClassName: gone
      runtimeClassName: gone
      imagePullSecrets: [{ name: gone }]
      containers: [{ name: main, image: example.invalid/web:1, resources: { requests: { memory: 900Ti } } }]
`;

const webhookYaml = (name: string, target: string): string => `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: { name: ${name} }
webhooks:
- name: pods.example.com
  admissionReviewVersions: [v1]
  sideEffects: None
  failurePolicy: Fail
  timeoutSeconds: 1
  clientConfig: { url: "https://127.0.0.1:1/validate" }
  namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: ${target} } }
  rules: [{ apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods] }]
`;
