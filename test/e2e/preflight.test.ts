import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { PreflightResult } from '../../src/needs/preflight-result.ts';
import {
  applyObject,
  applyYaml,
  contextOf,
  createNamespace,
  deleteJson,
  freshNamespace,
  getJson,
  type Json,
  listJson,
  patchJson,
  type Side,
  waitUntil,
} from '../cluster/client.ts';
import { podsIn, probePod, untilRefused } from '../helpers/enforced.ts';
import { preflightOf, rolesFor, rowsOf } from '../helpers/preflight.ts';
import { patchAndRollOut } from '../helpers/rolled-out.ts';
import { asAccount, stageWell } from '../helpers/stage.ts';

const SIDES = ['source', 'dest'] as const;

let namespace: string;
// What belongs to the whole cluster outlives the namespace and would show up in other tests.
const leftovers: [Side, kind: string, name: string][] = [];

beforeEach(async () => {
  namespace = freshNamespace('preflight');
  await createNamespace('source', namespace);
  await applyYaml('source', namespace, APP);
  await stageWell(namespace);
});
afterEach(async () => {
  await Promise.all(leftovers.splice(0).map((item) => deleteJson(...item)));
  for (const side of ['source', 'dest'] as const) await deleteJson(side, 'Namespace', namespace);
});

test('a staged application is ready for a cutover, and the preflight writes nothing', async () => {
  const before = await versions();
  const result = await preflightOf(namespace);
  expect(rowsOf(result, 'refuse')).toEqual([]);
  expect(rowsOf(result, 'unsafe')).toEqual([]);
  expect(result).toMatchObject({ outcome: 'ok', exitCode: 0, missingRights: [], roleYaml: {} });
  expect(await versions()).toEqual(before);
  expect(rowsOf(result, 'ok').length).toBeGreaterThan(15);
});

describe('rights', () => {
  test('F9: a user without rights is refused, with the Roles to ask for; with exactly these the preflight passes', async () => {
    await withOperator(async (kubeconfig) => {
      const before = await preflightOf(namespace, { kubeconfig });
      expect(before).toMatchObject({ outcome: 'refused', exitCode: 3 });
      expect(rowsOf(before, 'refuse', 'rights').map((row) => row.split(':')[0])).toEqual([
        `rights context ${contextOf('source')}`,
        `rights context ${contextOf('dest')}`,
      ]);
      await applyRoles(before.roleYaml);
      const after = await untilGranted(() => preflightOf(namespace, { kubeconfig }));
      expect(rowsOf(after, 'refuse')).toEqual([]);
      expect(rowsOf(after, 'unknown')).toEqual([]);
      expect(after).toMatchObject({ outcome: 'ok', missingRights: [], roleYaml: {} });
    });
  });

  test('F9: the missing rights are named one by one', async () => {
    await withOperator(async (kubeconfig, user) => {
      const roles = await rolesFor(namespace, {}, user);
      const without = (verb: string, resource: string) => (rule: Json) =>
        rule.resources.includes(resource)
          ? { ...rule, verbs: rule.verbs.filter((item: string) => item !== verb) }
          : rule;
      await applyAll('source', roles.source, without('patch', 'cronjobs'));
      await applyAll('dest', roles.dest, without('create', 'leases'));
      const names = (
        missing: readonly {
          side: string;
          verb: string;
          group: string;
          resource: string;
          namespace?: string | undefined;
        }[],
      ) => missing.map(({ side, verb, group, resource }) => `${side} ${verb} ${resource}.${group}`).sort();
      const result = await waitUntil('all the other rights', async () => {
        const found = await preflightOf(namespace, { kubeconfig });
        return found.missingRights.length <= 2 ? found : undefined;
      });
      expect(names(result.missingRights)).toEqual([
        'dest create leases.coordination.k8s.io',
        'source patch cronjobs.batch',
      ]);
      expect(result.missingRights.map(({ namespace }) => namespace)).toEqual([namespace, namespace]);
      expect(rowsOf(result, 'refuse')).toEqual([
        expect.stringContaining(`patch cronjobs.batch in namespace ${namespace}`),
        expect.stringContaining(`create leases.coordination.k8s.io in namespace ${namespace}`),
      ]);
    });
  });
});

describe('what refuses the pods', () => {
  test('F11: a quota that is too small for the target count is told with the numbers', async () => {
    await applyYaml('dest', namespace, QUOTA);
    await waitUntil(
      'the quota to be counted',
      async () => (await getJson('dest', 'ResourceQuota', 'small', namespace)).status?.hard,
    );
    const result = await preflightOf(namespace);
    expect(result.exitCode).toBe(3);
    expect(rowsOf(result, 'refuse', 'quota')).toEqual([
      expect.stringMatching(
        /allows 150m of requests\.cpu; 0 is used, and 200m more is needed by Deployment web \(2 pods\)/,
      ),
    ]);
  });

  test('F11: Pod Security of the destination refuses the template', async () => {
    await label({ 'pod-security.kubernetes.io/enforce': 'restricted' });
    await untilRefused('dest', podsIn(namespace), probePod(), /violates PodSecurity/);
    const result = await preflightOf(namespace);
    expect(result.exitCode).toBe(3);
    expect(rowsOf(result, 'refuse', 'pod-dry-run')).toEqual([
      expect.stringMatching(/CronJob nightly.*violates PodSecurity "restricted/),
      expect.stringMatching(/Deployment web.*violates PodSecurity "restricted/),
    ]);
    expect(await listJson('dest', 'Pod', namespace)).toEqual([]);
  });

  test('F11: an admission policy refuses the template', async () => {
    const name = `deny-${namespace}`;
    leftovers.push(
      ['dest', 'admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy', name],
      ['dest', 'admissionregistration.k8s.io/v1/ValidatingAdmissionPolicyBinding', name],
    );
    await applyYaml('dest', undefined, policyYaml(name, namespace));
    await untilRefused('dest', podsIn(namespace), probePod(), /are not for this cluster/);
    const result = await preflightOf(namespace);
    expect(rowsOf(result, 'refuse', 'pod-dry-run')).toEqual([
      expect.stringMatching(/Deployment web.*images of example\.invalid are not for this cluster/),
    ]);
  });

  test('F11: a LimitRange of the destination is compared with every container', async () => {
    await applyYaml('dest', namespace, LIMIT_RANGE);
    const small = probePod({ resources: { requests: { memory: '64Mi' } } });
    await untilRefused('dest', podsIn(namespace), small, /minimum memory usage/);
    const result = await preflightOf(namespace);
    expect(rowsOf(result, 'refuse', 'limit-range')).toEqual([
      expect.stringMatching(/Deployment web.*container main has 64Mi of memory, and the minimum is 128Mi/),
    ]);
    expect(rowsOf(result, 'refuse', 'pod-dry-run')).toEqual([
      expect.stringMatching(/minimum memory usage per Container is 128Mi/),
    ]);
  });

  test('F12: an image pull secret that is nowhere is a warning', async () => {
    await patchAndRollOut('source', 'web', namespace, {
      spec: { template: { spec: { imagePullSecrets: [{ name: 'registry' }] } } },
    });
    const result = await preflightOf(namespace);
    expect(result.exitCode).toBe(0);
    expect(rowsOf(result, 'warn')).toEqual([
      expect.stringMatching(/^pull-secrets Secret registry: .*Deployment web/),
    ]);
  });
});

describe('what runs at the source', () => {
  test('F19: a running Job is named, with the choices', async () => {
    await applyYaml('source', namespace, JOB);
    await waitUntil(
      'the Job to run',
      async () => (await getJson('source', 'Job', 'long', namespace)).status?.active === 1,
    );
    const refused = await preflightOf(namespace);
    expect(refused.exitCode).toBe(3);
    const [check] = refused.checks.filter(({ id, level }) => id === 'running-jobs' && level === 'refuse');
    expect(check).toMatchObject({ subject: 'Job long', hint: expect.stringContaining('--jobs wait') });
    const waiting = await preflightOf(namespace, { options: { jobs: 'wait' } });
    expect(waiting.exitCode).toBe(0);
    expect(rowsOf(waiting, 'info', 'running-jobs')).toHaveLength(1);
  });

  test('F17: a bare pod is unsafe until it is acknowledged', async () => {
    await applyYaml('source', namespace, BARE_POD);
    const unsafe = await preflightOf(namespace);
    expect(unsafe).toMatchObject({ outcome: 'unsafe', exitCode: 7 });
    expect(rowsOf(unsafe, 'unsafe')).toEqual([expect.stringMatching(/^bare-pods Pod debug: /)]);
    const ignored = await preflightOf(namespace, { options: { ignoreBarePods: true } });
    expect(ignored.exitCode).toBe(0);
    expect(rowsOf(ignored, 'warn', 'bare-pods')).toHaveLength(1);
  });

  test('F17: a workload that an unknown operator controls is named', async () => {
    const owner = {
      apiVersion: 'widgets.example.invalid/v1',
      kind: 'Widget',
      name: 'main',
      uid: crypto.randomUUID(),
      controller: true,
    };
    await patchJson('source', 'Deployment', 'web', namespace, { metadata: { ownerReferences: [owner] } });
    const result = await preflightOf(namespace);
    expect(result.exitCode).toBe(3);
    expect(rowsOf(result, 'refuse', 'controlled')).toEqual([
      expect.stringMatching(/^controlled Deployment web: /),
    ]);
  });

  test('F17: pods of a custom resource that nothing stops are named, but not those under one that is stopped', async () => {
    const known = await applyYaml('source', namespace, GADGETS);
    const give = async (kind: string, name: string, ownerName: string) => {
      const owner = known.find(({ metadata }) => metadata.name === ownerName);
      const { apiVersion, kind: ownerKind, metadata } = owner as Json;
      const reference = { apiVersion, kind: ownerKind, name: ownerName, uid: metadata.uid, controller: true };
      await patchJson('source', kind, name, namespace, { metadata: { ownerReferences: [reference] } });
    };
    await give('Gadget', 'middle', 'top');
    await give('Pod', 'free', 'alone');
    await give('Pod', 'under', 'middle');
    const result = await preflightOf(namespace);
    expect(result.exitCode).toBe(3);
    expect(rowsOf(result, 'refuse', 'controlled')).toEqual([
      expect.stringMatching(/^controlled Gadget alone: .* has 1 pod of its own/),
    ]);
  });

  test('F16: a GitOps owner is named with what to do, and may be ignored', async () => {
    const labels = {
      'kustomize.toolkit.fluxcd.io/name': 'shop',
      'kustomize.toolkit.fluxcd.io/namespace': 'flux-system',
    };
    await patchJson('source', 'Deployment', 'web', namespace, { metadata: { labels } });
    const refused = await preflightOf(namespace);
    expect(refused.exitCode).toBe(3);
    const [check] = refused.checks.filter(({ id }) => id === 'gitops');
    expect(check).toMatchObject({
      level: 'refuse',
      subject: 'Kustomization flux-system/shop',
      hint: expect.stringMatching(/flux .*-n flux-system suspend kustomization shop$/),
    });
    const paused = await preflightOf(namespace, { options: { pauseGitops: true } });
    expect(rowsOf(paused, 'info', 'gitops')).toEqual([
      expect.stringContaining('it is paused before they are stopped'),
    ]);
    // S10: whoever may label a workload gets nothing granted but what has that one name.
    const roles = await rolesFor(namespace, { options: { pauseGitops: true } }, 'ann');
    const [role] = roles.source.filter(({ metadata }) => metadata.namespace === 'flux-system');
    expect(role?.rules).toEqual([
      {
        apiGroups: ['kustomize.toolkit.fluxcd.io'],
        resources: ['kustomizations'],
        resourceNames: ['shop'],
        verbs: ['get', 'patch'],
      },
    ]);
    const ignored = await preflightOf(namespace, { options: { ignoreGitops: true } });
    expect(ignored.exitCode).toBe(0);
  });
});

describe('the destination', () => {
  test('F22: a namespace that is being deleted is refused, with what holds it', async () => {
    const holder = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'held', finalizers: ['example.invalid/hold'] },
    };
    await applyObject('dest', holder, namespace);
    await deleteJson('dest', 'Namespace', namespace);
    const result = await preflightOf(namespace);
    expect(result.exitCode).toBe(3);
    expect(rowsOf(result, 'refuse', 'namespace')).toEqual([
      expect.stringContaining(`Namespace ${namespace} of context ${contextOf('dest')} is being deleted`),
    ]);
    await patchJson('dest', 'ConfigMap', 'held', namespace, { metadata: { finalizers: null } });
  });

  test('a destination that was never staged is refused', async () => {
    const other = freshNamespace('preflight');
    await createNamespace('source', other);
    await applyYaml('source', other, APP);
    const result = await preflightOf(other);
    expect(result.exitCode).toBe(3);
    expect(rowsOf(result, 'refuse')).toEqual([expect.stringMatching(/^staged .*Nothing has been staged/)]);
    expect(rowsOf(result, 'unknown', 'pod-dry-run')).toHaveLength(1);
    expect(await getJson('dest', 'Namespace', other)).toBeUndefined();
    await deleteJson('source', 'Namespace', other);
  });

  test('a failover starts from what is parked, and a parked object that somebody changed stops it', async () => {
    const lastStageAt = new Date(Date.now() - 7_230_000).toISOString();
    const record = { lastStageAt, phase: 'standby', epoch: 0 } as const;
    const ready = await preflightOf(namespace, { kind: 'failover', record });
    expect(ready).toMatchObject({ exitCode: 0, source: undefined });
    expect(rowsOf(ready, 'info', 'stage-age')).toEqual([expect.stringMatching(/was 2 h( \d+ [ms])? ago/)]);
    const old = await preflightOf(namespace, { kind: 'failover', record, maxStageAgeMs: 3_600_000 });
    expect(rowsOf(old, 'refuse')).toEqual([expect.stringMatching(/^stage-age .*--max-stage-age/)]);

    await patchJson('dest', 'CronJob', 'nightly', namespace, { spec: { suspend: false } });
    const changed = await preflightOf(namespace, { kind: 'failover', record });
    // What it would be restored to is no harm.
    expect(changed.exitCode).toBe(0);
    await patchJson('dest', 'Deployment', 'web', namespace, { spec: { replicas: 5 } });
    const refused = await preflightOf(namespace, { kind: 'failover', record });
    expect(rowsOf(refused, 'refuse', 'parked-changed')).toEqual([
      expect.stringMatching(/^parked-changed Deployment web: .*spec\.replicas is 5, but was parked as 0/),
    ]);
  });

  test('a failback needs something parked at the source', async () => {
    const result = await preflightOf(namespace, { kind: 'failback' });
    expect(rowsOf(result, 'refuse')).toEqual([
      expect.stringMatching(/^staged .*Nothing is parked/),
      expect.stringMatching(/^runs-already Deployment web: .*although the other side is the live side/),
    ]);
  });
});

test('F8: a token that ends during the move is refused, and one that may end soon is a warning', async () => {
  await withOperator(async (kubeconfig, user) => {
    const roles = await rolesFor(namespace, {}, user);
    await applyAll('source', roles.source);
    await applyAll('dest', roles.dest);
    await untilGranted(() => preflightOf(namespace, { kubeconfig }));
    const long = await preflightOf(namespace, { kubeconfig, expectedSeconds: 5000 });
    expect(long.exitCode).toBe(3);
    expect(rowsOf(long, 'refuse')).toEqual([
      expect.stringMatching(/^credentials .*The token of context .* expires in .*expected to take 1 h 23 m/),
      expect.stringMatching(/^credentials /),
    ]);
    expect(JSON.stringify(long)).not.toMatch(/eyJ/);
    const close = await preflightOf(namespace, { kubeconfig, expectedSeconds: 1100 });
    expect(close.exitCode).toBe(0);
    expect(rowsOf(close, 'warn', 'credentials')).toHaveLength(2);
    const short = await preflightOf(namespace, { kubeconfig, expectedSeconds: 60 });
    expect(rowsOf(short, 'ok', 'credentials')).toHaveLength(1);
  });
});

/** Makes a service account on both sides and runs the body with a kubeconfig of it for each. */
const withOperator = async (
  body: (kubeconfig: Record<Side, string>, user: string) => Promise<void>,
): Promise<void> => {
  const home = freshNamespace('operator');
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'operator' } };
  for (const side of SIDES) {
    await createNamespace(side, home);
    await applyObject(side, account, home);
  }
  try {
    await asAccount('source', home, 'operator', (source) =>
      asAccount('dest', home, 'operator', (dest) =>
        body({ source, dest }, `system:serviceaccount:${home}:operator`),
      ),
    );
  } finally {
    for (const side of SIDES) await deleteJson(side, 'Namespace', home);
  }
};

const applyRoles = async (yaml: Readonly<Partial<Record<Side, string>>>): Promise<void> => {
  for (const side of SIDES) {
    const roles = parseAllDocuments(yaml[side] ?? '').map((document) => document.toJS());
    expect(roles.length, side).toBeGreaterThan(0);
    await applyAll(side, roles);
  }
};

const applyAll = async (
  side: Side,
  roles: readonly Json[],
  change: (rule: Json) => Json = (rule) => rule,
): Promise<void> => {
  for (const role of roles) {
    if (role.metadata.namespace === undefined) leftovers.push([side, role.kind, role.metadata.name]);
    await applyObject(side, role.rules === undefined ? role : { ...role, rules: role.rules.map(change) });
  }
};

// The authorizer of the server sees new Roles after a moment.
const untilGranted = (run: () => Promise<PreflightResult>): Promise<PreflightResult> =>
  waitUntil('the rights to be in force', async () => {
    const result = await run();
    return result.missingRights.length === 0 && rowsOf(result, 'unknown').length === 0 ? result : undefined;
  });

const label = (labels: Record<string, string>): Promise<unknown> =>
  patchJson('dest', 'Namespace', namespace, undefined, { metadata: { labels } });

const versions = async (): Promise<unknown> => {
  const kinds = ['Pod', 'Deployment', 'ConfigMap', 'CronJob'];
  const lists = await Promise.all(
    (['source', 'dest'] as const).flatMap((side) => kinds.map((kind) => listJson(side, kind, namespace))),
  );
  return lists
    .flat()
    .map(({ metadata }) => `${metadata.uid} ${metadata.generation ?? metadata.resourceVersion}`);
};

const APP = `
apiVersion: v1
kind: ServiceAccount
metadata: { name: web }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: settings }
data: { colour: blue }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [{ port: 80 }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      serviceAccountName: web
      containers: [{ name: main, image: example.invalid/web:1, resources: { requests: { cpu: 100m, memory: 64Mi } } }]
---
apiVersion: batch/v1
kind: CronJob
metadata: { name: nightly }
spec:
  schedule: "0 3 * * *"
  jobTemplate:
    spec:
      template:
        spec: { restartPolicy: Never, containers: [{ name: main, image: example.invalid/job:1 }] }
`;

const QUOTA = `
apiVersion: v1
kind: ResourceQuota
metadata: { name: small }
spec: { hard: { requests.cpu: 150m, pods: "10" } }
`;

const LIMIT_RANGE = `
apiVersion: v1
kind: LimitRange
metadata: { name: least }
spec: { limits: [{ type: Container, min: { memory: 128Mi } }] }
`;

const JOB = `
apiVersion: batch/v1
kind: Job
metadata: { name: long }
spec:
  template:
    metadata: { labels: { testbed/hold: running } }
    spec: { restartPolicy: Never, containers: [{ name: main, image: example.invalid/job:1 }] }
`;

const BARE_POD = `
apiVersion: v1
kind: Pod
metadata: { name: debug }
spec: { containers: [{ name: main, image: example.invalid/debug:1 }] }
`;

const GADGETS = `
apiVersion: moves.example.com/v1
kind: Widget
metadata: { name: top }
spec: { replicas: 1 }
---
apiVersion: custom.example.com/v1
kind: Gadget
metadata: { name: middle }
---
apiVersion: custom.example.com/v1
kind: Gadget
metadata: { name: alone }
---${BARE_POD.replace('debug', 'free')}---${BARE_POD.replace('debug', 'under')}`;

const policyYaml = (name: string, target: string): string => `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: { name: ${name} }
spec:
  failurePolicy: Fail
  matchConstraints:
    resourceRules: [{ apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods] }]
  validations:
  - expression: "!object.spec.containers.exists(c, c.image.startsWith('example.invalid/web'))"
    message: images of example.invalid are not for this cluster
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: { name: ${name} }
spec:
  policyName: ${name}
  validationActions: [Deny]
  matchResources:
    namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: ${target} } }
`;
