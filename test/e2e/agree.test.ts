import { afterEach, describe, expect, test } from 'vitest';
import { survey } from '../../src/sides/baseline.ts';
import { listSide } from '../../src/sides/side.ts';
import { refuseUnstopped } from '../../src/sides/try-patches.ts';
import {
  api,
  applyObject,
  applyYaml,
  contextOf,
  createNamespace,
  deleteJson,
  getJson,
  type Json,
  listJson,
  patchJson,
  type Side,
  waitUntil,
} from '../cluster/client.ts';
import { deployment, endlessJob, installYaml } from '../helpers/move-app.ts';
import { type MoveArgs, move, moveTo } from '../helpers/moves.ts';
import { enforce, type Policy, serviceProbe } from '../helpers/policy.ts';
import { withInput } from '../helpers/preflight.ts';
import { asAccount, stageNamespace } from '../helpers/stage.ts';

// Whatever stands in the way of a move before its first stop is said by `preflight`, by the dry run and by the move
// itself, in the same words, and none of the three has then written anything.

const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

const FINALIZER = 'example.com/held';
const SIDES: readonly Side[] = ['source', 'dest'];
type Verb = 'cutover' | 'failback' | 'failover';

interface Case {
  readonly what: string;
  readonly verb?: Verb;
  /** The application at the source. */
  readonly yaml?: string;
  /** Done before the cutover of a failback. */
  before?(namespace: string): Promise<void>;
  /** What puts the refusal in the way of the staged application; what it returns goes to all three runs. */
  refuse(namespace: string): Promise<MoveArgs | undefined>;
  readonly args?: readonly string[];
  readonly exit: 3 | 7;
  /** The object that all three name. */
  readonly names: RegExp;
}

const EDGE = `
---
apiVersion: v1
kind: Service
metadata: { name: edge }
spec: { type: LoadBalancer, selector: { app: pay }, ports: [{ port: 80 }] }
`;

const CASES: readonly Case[] = [
  {
    what: 'a policy of the source against stopping a workload',
    refuse: (namespace) => keep('source', namespace, NEVER_AT_ZERO),
    exit: 3,
    names: /Deployment pay\b.*pay keeps a replica/,
  },
  {
    what: 'a policy of the source against starting a workload again',
    refuse: (namespace) => keep('source', namespace, NEVER_AT_TWO),
    exit: 3,
    names: /Deployment pay\b.*one pay is enough/,
  },
  {
    what: 'a policy of the destination against starting a workload',
    refuse: (namespace) => keep('dest', namespace, NEVER_AT_TWO),
    exit: 3,
    names: /Deployment pay\b.*one pay is enough/,
  },
  {
    what: 'a policy of the destination against starting a workload that is still to be staged',
    refuse: async (namespace) => {
      await deleteJson('dest', 'Deployment', 'pay', namespace);
      return keep('dest', namespace, NEVER_AT_TWO);
    },
    exit: 3,
    names: /Deployment pay\b.*one pay is enough/,
  },
  {
    what: 'a policy for labels that the records of dr-syncer do not have',
    refuse: (namespace) => keep('dest', namespace, TEAM_LABEL),
    exit: 3,
    names: /ConfigMap dr-syncer-.*every ConfigMap names its team/,
  },
  {
    what: 'a policy against the lock',
    refuse: (namespace) => keep('dest', namespace, NO_LEASES),
    exit: 3,
    names: /Lease dr-syncer-lock.*no leases here/,
  },
  {
    what: 'a quota of the destination without room for the records of dr-syncer',
    refuse: async (namespace) => {
      const used = (await listJson('dest', 'ConfigMap', namespace)).length;
      return quota('dest', namespace, { configmaps: String(used + 1) });
    },
    exit: 3,
    names: /ResourceQuota tight\b.*configmaps/,
  },
  {
    what: 'a workload without a copy',
    refuse: async (namespace) => {
      await applyYaml('source', namespace, WIDGET);
      return undefined;
    },
    exit: 3,
    names: /Widget gadget\b.*no copy/,
  },
  {
    what: 'a right that is missing at the source',
    refuse: (namespace) => withoutRight('source', namespace, 'deployments', 'patch'),
    exit: 3,
    names: /patch deployments\.apps/,
  },
  {
    what: 'a right that is missing at the destination',
    refuse: (namespace) => withoutRight('dest', namespace, 'leases', 'create'),
    exit: 3,
    names: /create leases\.coordination\.k8s\.io/,
  },
  ...(['Deployment', 'ConfigMap', 'Service'] as const).map(
    (kind): Case => ({
      what: `a ${kind} that is being deleted at the destination`,
      refuse: async (namespace) => {
        await patchJson('dest', kind, 'pay', namespace, { metadata: { finalizers: [FINALIZER] } });
        await deleteJson('dest', kind, 'pay', namespace);
        cleanUps.push(() =>
          patchJson('dest', kind, 'pay', namespace, { metadata: { finalizers: null } }).then(() => undefined),
        );
        return undefined;
      },
      exit: 3,
      names: new RegExp(`${kind} pay\\b.*being deleted.*${FINALIZER}`),
    }),
  ),
  {
    what: 'a running Job with --jobs fail',
    yaml: endlessJob('import'),
    refuse: async () => undefined,
    exit: 3,
    names: /Job import\b/,
  },
  {
    what: 'a pod that nothing owns',
    refuse: async (namespace) => {
      await applyYaml('source', namespace, BARE_POD);
      await waitUntil(
        'the pod to run',
        async () => (await getJson('source', 'Pod', 'lonely', namespace))?.status?.phase === 'Running',
      );
      return undefined;
    },
    exit: 7,
    names: /Pod lonely\b/,
  },
  {
    what: 'a workload that Argo CD keeps',
    yaml: deployment('kept', 1, 'labels: { argocd.argoproj.io/instance: shop }'),
    refuse: async () => undefined,
    exit: 3,
    names: /Application .*Deployment kept\b/,
  },
  {
    what: 'a failback whose destination may not be stopped',
    verb: 'failback',
    refuse: (namespace) => keep('dest', namespace, NEVER_AT_ZERO),
    exit: 3,
    names: /Deployment pay\b.*pay keeps a replica/,
  },
  {
    what: 'a failback whose source may not be started',
    verb: 'failback',
    refuse: (namespace) => keep('source', namespace, NEVER_AT_TWO),
    exit: 3,
    names: /Deployment pay\b.*one pay is enough/,
  },
  {
    what: 'a failback that may not keep its records',
    verb: 'failback',
    refuse: (namespace) => keep('dest', namespace, TEAM_LABEL),
    exit: 3,
    names: /ConfigMap dr-syncer-.*every ConfigMap names its team/,
  },
  {
    what: 'a policy of the source against pausing what keeps a workload as in Git',
    refuse: async (namespace) => {
      await keepFromGit(namespace, 'pay');
      return keep('source', gitOf(namespace), NEVER_PAUSED);
    },
    args: ['--pause-gitops'],
    exit: 3,
    names: /pause Kustomization \S+\/shop\b.*Git is never left/,
  },
  {
    what: 'a policy of the source against resuming it, as a rollback would',
    refuse: async (namespace) => {
      await keepFromGit(namespace, 'pay');
      return keep('source', gitOf(namespace), NEVER_RESUMED);
    },
    args: ['--pause-gitops'],
    exit: 3,
    names: /resume Kustomization \S+\/shop\b.*which a rollback would do.*Git comes later/,
  },
  {
    what: 'a right that is missing for pausing it',
    refuse: async (namespace) => {
      await keepFromGit(namespace, 'pay');
      return withoutRight('source', namespace, 'kustomizations', 'patch');
    },
    args: ['--pause-gitops'],
    exit: 3,
    names: /patch kustomizations\.kustomize\.toolkit\.fluxcd\.io/,
  },
  {
    what: 'an owner in Git that is not there to be paused',
    refuse: async (namespace) => {
      await keepFromGit(namespace, 'pay');
      await deleteJson('source', 'Kustomization', 'shop', gitOf(namespace));
      return undefined;
    },
    args: ['--pause-gitops'],
    exit: 3,
    names: /Kustomization \S+\/shop\b.*was not found/,
  },
  {
    what: 'an owner in Git that is named by marks and does not list what carries them',
    refuse: async (namespace) => {
      await keepFromGit(namespace, 'pay');
      await patchJson('source', 'Kustomization', 'shop', gitOf(namespace), { status: { inventory: null } });
      return undefined;
    },
    args: ['--pause-gitops'],
    exit: 3,
    names: /Kustomization \S+\/shop is named in the metadata of Deployment pay .*does not list it itself/,
  },
  {
    what: 'a failback whose owner at home may not be resumed',
    verb: 'failback',
    before: (namespace) => keepFromGit(namespace, 'pay'),
    refuse: (namespace) => keep('source', gitOf(namespace), NEVER_RESUMED),
    args: ['--pause-gitops'],
    exit: 3,
    names: /resume Kustomization \S+\/shop\b.*Git comes later/,
  },
  {
    what: 'a failback whose changed configuration the source does not take',
    verb: 'failback',
    refuse: async (namespace) => {
      await patchJson('dest', 'ConfigMap', 'pay', namespace, { data: { colour: 'green' } });
      return keep('source', namespace, ALWAYS_BLUE);
    },
    args: ['--sync-config'],
    exit: 3,
    names: /apply ConfigMap pay\b.*pay stays blue/,
  },
  {
    what: 'a failback whose changed configuration may not be written',
    verb: 'failback',
    refuse: async (namespace) => {
      await patchJson('dest', 'Service', 'pay', namespace, { spec: { sessionAffinity: 'ClientIP' } });
      return withoutRight('source', namespace, 'services', 'patch');
    },
    args: ['--sync-config'],
    exit: 3,
    names: /apply Service pay\b.*cannot patch resource/,
  },
  ...(['held at the destination', 'still to be staged', 'to be held by the stage'] as const).map(
    (state): Case => ({
      what: `a Service ${state} that may not become a load balancer there`,
      yaml: EDGE,
      refuse: async (namespace) => {
        if (state === 'held at the destination') await stageNamespace(namespace, { holdLoadBalancers: true });
        if (state === 'still to be staged') await deleteJson('dest', 'Service', 'edge', namespace);
        if (state === 'to be held by the stage')
          await patchJson('dest', 'Service', 'edge', namespace, { spec: { type: 'ClusterIP' } });
        return keep('dest', namespace, NO_BALANCERS);
      },
      args: ['--hold-load-balancers'],
      exit: 3,
      names: /release Service edge\b.*no load balancers here/,
    }),
  ),
  {
    what: 'a failover whose Service may not become a load balancer',
    verb: 'failover',
    yaml: EDGE,
    refuse: async (namespace) => {
      await stageNamespace(namespace, { holdLoadBalancers: true });
      return keep('dest', namespace, NO_BALANCERS);
    },
    args: ['--accept-data-loss', '--source-given-up'],
    exit: 3,
    names: /release Service edge\b.*no load balancers here/,
  },
  {
    what: 'a failover whose destination may not be started',
    verb: 'failover',
    refuse: (namespace) => keep('dest', namespace, NEVER_AT_TWO),
    args: ['--accept-data-loss', '--source-given-up'],
    exit: 3,
    names: /Deployment pay\b.*one pay is enough/,
  },
];

describe('preflight, the dry run and the move say the same, and write nothing', () => {
  test.each(CASES)(
    '$what',
    async ({ verb = 'cutover', yaml = '', before: prepare, refuse, args = [], exit, names }) => {
      const namespace = await installYaml('agree', `${SHOP}${yaml}`);
      await prepare?.(namespace);
      const paused = args.filter((arg) => arg === '--pause-gitops');
      if (verb === 'failback') await moveTo(0, 'cutover', namespace, { args: paused });
      const more = await refuse(namespace);
      const before = await versions(namespace);
      const given = [...args, ...(more?.args ?? [])];
      const runs = {
        preflight: await move('preflight', namespace, {
          ...more,
          args: [...given.filter((arg) => !ONLY_MOVES.has(arg)), verb],
        }),
        'dry run': await move(verb, namespace, { ...more, args: [...given, '--dry-run'] }),
        move: await move(verb, namespace, { ...more, args: given }),
      };
      for (const [run, { exitCode, document, stderr }] of Object.entries(runs)) {
        expect(exitCode, `${run}: ${stderr}`).toBe(exit);
        expect(JSON.stringify([document.summary, document.checks, document.preflight?.checks]), run).toMatch(
          names,
        );
        if (run !== 'preflight') expect(document.summary).toMatch(/^Nothing was changed/);
      }
      expect(await versions(namespace)).toEqual(before);
    },
    120_000,
  );
});

test('a selector that is none is an error of the command line, whatever would come of the rest', async () => {
  const namespace = await installYaml('agree-selector', SHOP);
  const args = ['-l', 'app in (shop'];
  await expect(stageNamespace(namespace, { selector: 'app in (shop' })).rejects.toThrow(
    /"app in \(shop" is not a valid label selector/,
  );
  for (const verb of ['preflight', 'cutover']) {
    const { document } = await moveTo(2, verb, namespace, { args });
    expect(document.error.message).toMatch(/"app in \(shop" is not a valid label selector/);
  }
});

test('a source that takes no copy of the records is a warning, and the move goes through', async () => {
  const namespace = await installYaml('agree-copy', SHOP);
  await keep('source', namespace, TEAM_LABEL);
  const { document } = await moveTo(0, 'preflight', namespace);
  expect(document.checks).toContainEqual(
    expect.objectContaining({
      id: 'records',
      level: 'warn',
      message: expect.stringMatching(/ConfigMap dr-syncer-source-state.*every ConfigMap names its team/),
    }),
  );
  await moveTo(0, 'cutover', namespace);
});

test('what a run asks once more before its first stop is refused with the name, and stops nothing', async () => {
  const namespace = await installYaml('agree-stop', SHOP);
  await keep('source', namespace, NEVER_AT_ZERO);
  await withInput(namespace, {}, async ({ source, options, signal }) => {
    if (source === undefined) throw new Error('the source is not open');
    const objects = await listSide(source, signal);
    const { entries } = survey(source, objects);
    await expect(refuseUnstopped(source, entries, objects, { ...options, signal })).rejects.toThrow(
      /refuses to stop Deployment pay\b.*pay keeps a replica/,
    );
  });
  const counts = (await listJson('source', 'Deployment', namespace)).map(({ spec }) => spec.replicas);
  expect(counts.sort()).toEqual([1, 2]);
});

test('a stage that has nothing to write still says what the cluster lacks', async () => {
  const namespace = await installYaml('agree-again', `${SHOP}${INGRESS}`);
  const again = await stageNamespace(namespace);
  expect(again.summary).toMatch(/^Nothing to do/);
  expect(again.findings.map(({ code, subject }) => `${code} ${subject}`)).toContain(
    'ingress-class-missing IngressClass nowhere',
  );
});

// Flags that only a move takes.
const ONLY_MOVES = new Set(['--accept-data-loss', '--source-given-up']);

test('what is not refused goes through, and is asked of the servers once for each workload', async () => {
  const namespace = await installYaml('agreed', SHOP);
  const { document } = await moveTo(0, 'cutover', namespace);
  expect(document.preflight.checks.filter(({ level }: Json) => !['ok', 'info'].includes(level))).toEqual([]);
});

const SHOP = `
---
apiVersion: v1
kind: ConfigMap
metadata: { name: pay, labels: { team: shop } }
data: { colour: blue }
---
apiVersion: v1
kind: Service
metadata: { name: pay }
spec: { selector: { app: pay }, ports: [{ port: 80 }] }
${deployment('pay', 2)}${deployment('web', 1)}`;

const INGRESS = `
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: pay }
spec: { ingressClassName: nowhere, defaultBackend: { service: { name: pay, port: { number: 80 } } } }
`;

const WIDGET =
  'apiVersion: moves.example.com/v1\nkind: Widget\nmetadata: { name: gadget }\nspec: { replicas: 3 }';

const BARE_POD = `
apiVersion: v1
kind: Pod
metadata: { name: lonely }
spec: { terminationGracePeriodSeconds: 1, containers: [{ name: main, image: example.invalid/a }] }
`;

const NEVER_AT_ZERO: Policy = {
  resource: 'deployments.apps',
  operations: ['UPDATE'],
  expression: "object.metadata.name != 'pay' || object.spec.replicas >= 1",
  message: 'pay keeps a replica',
  probe: { method: 'PATCH', name: '/pay', body: { spec: { replicas: 0 } } },
};

const NEVER_AT_TWO: Policy = {
  resource: 'deployments.apps',
  expression: "object.metadata.name != 'pay' || object.spec.replicas < 2",
  message: 'one pay is enough',
  probe: {
    method: 'POST',
    name: '',
    body: {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'pay' },
      spec: {
        replicas: 2,
        selector: { matchLabels: { app: 'pay' } },
        template: {
          metadata: { labels: { app: 'pay' } },
          spec: { containers: [{ name: 'main', image: 'example.invalid/a' }] },
        },
      },
    },
  },
};

const TEAM_LABEL: Policy = {
  resource: 'configmaps',
  expression: "object.metadata.?labels.?team.hasValue() || object.metadata.name == 'kube-root-ca.crt'",
  message: 'every ConfigMap names its team',
  probe: {
    method: 'POST',
    name: '',
    body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'probe' } },
  },
};

const NO_LEASES: Policy = {
  resource: 'leases.coordination.k8s.io',
  expression: 'false',
  message: 'no leases here',
  probe: {
    method: 'POST',
    name: '',
    body: { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'probe' } },
  },
};

const FLUX = 'kustomize.toolkit.fluxcd.io';

// Flux keeps a Deployment of the source as it is in Git, from a namespace of its own.
const keepFromGit = async (namespace: string, name: string): Promise<void> => {
  const owner = { apiVersion: `${FLUX}/v1`, kind: 'Kustomization', metadata: { name: 'shop' } };
  await createNamespace('source', gitOf(namespace));
  const status = { inventory: { entries: [{ id: `${namespace}_${name}_apps_Deployment`, v: 'v1' }] } };
  await applyObject(
    'source',
    { ...owner, spec: { interval: '1m', suspend: false }, status },
    gitOf(namespace),
  );
  const labels = { [`${FLUX}/name`]: 'shop', [`${FLUX}/namespace`]: gitOf(namespace) };
  await patchJson('source', 'Deployment', name, namespace, { metadata: { labels } });
  cleanUps.push(() => deleteJson('source', 'Namespace', gitOf(namespace)).then(() => undefined));
};

const gitOf = (namespace: string): string => `${namespace}-git`;

const GIT = { resource: `kustomizations.${FLUX}`, operations: ['UPDATE'] } as const;
const SUSPENDED = 'object.?spec.?suspend.orValue(false)';

const NEVER_PAUSED: Policy = {
  ...GIT,
  expression: `!${SUSPENDED}`,
  message: 'Git is never left',
  probe: { method: 'PATCH', name: '/shop', body: { spec: { suspend: true } } },
};

const NEVER_RESUMED: Policy = {
  ...GIT,
  expression: `${SUSPENDED} == true`,
  message: 'Git comes later',
  probe: { method: 'PATCH', name: '/shop', body: { spec: { suspend: false } } },
};

const ALWAYS_BLUE: Policy = {
  resource: 'configmaps',
  expression: "object.metadata.name != 'pay' || object.data.colour == 'blue'",
  message: 'pay stays blue',
  probe: { method: 'PATCH', name: '/pay', body: { data: { colour: 'green' } } },
};

const NO_BALANCERS: Policy = {
  resource: 'services',
  expression: "!has(object.spec.type) || object.spec.type != 'LoadBalancer'",
  message: 'no load balancers here',
  probe: serviceProbe('LoadBalancer'),
};

const keep = async (side: Side, namespace: string, policy: Policy): Promise<undefined> => {
  cleanUps.push(await enforce(side, namespace, policy));
};

const quota = async (side: Side, namespace: string, hard: Json): Promise<undefined> => {
  await applyObject(
    side,
    { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'tight' }, spec: { hard } },
    namespace,
  );
  await waitUntil(
    'the quota to be counted',
    async () => (await getJson(side, 'ResourceQuota', 'tight', namespace))?.status?.used !== undefined,
  );
};

// An account with every right but one.
const withoutRight = async (
  side: Side,
  namespace: string,
  resource: string,
  verb: string,
): Promise<MoveArgs> => {
  await applyYaml(side, namespace, '{ apiVersion: v1, kind: ServiceAccount, metadata: { name: operator } }');
  const found = await Promise.all(
    ['/api/v1', ...(await groupsOf(side))].map(async (path) => (await api(side)('GET', path)).body),
  );
  const verbs = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'];
  const rules = found.flatMap(({ groupVersion, resources = [] }: Json) =>
    resources.map(({ name }: Json) => ({
      apiGroups: [groupVersion.includes('/') ? groupVersion.split('/')[0] : ''],
      resources: [name],
      verbs: name === resource ? verbs.filter((item) => item !== verb) : verbs,
    })),
  );
  const name = `${namespace}-operator`;
  const rbac = 'rbac.authorization.k8s.io';
  await applyObject(side, {
    apiVersion: `${rbac}/v1`,
    kind: 'ClusterRole',
    metadata: { name },
    rules: [...rules, { apiGroups: [rbac], resources: ['*'], verbs: ['bind', 'escalate'] }],
  });
  await applyObject(side, {
    apiVersion: `${rbac}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name },
    roleRef: { apiGroup: rbac, kind: 'ClusterRole', name },
    subjects: [{ kind: 'ServiceAccount', name: 'operator', namespace }],
  });
  cleanUps.push(async () => {
    await deleteJson(side, 'ClusterRoleBinding', name);
    await deleteJson(side, 'ClusterRole', name);
  });
  let kubeconfig = '';
  const held = new Promise<void>((release) => {
    cleanUps.push(async () => release());
  });
  await new Promise<void>((ready, fail) => {
    asAccount(side, namespace, 'operator', async (file) => {
      kubeconfig = file;
      ready();
      await held;
    }).catch(fail);
  });
  return { [side]: { kubeconfig, context: contextOf(side) } };
};

const groupsOf = async (side: Side): Promise<string[]> =>
  (await api(side)('GET', '/apis')).body.groups.flatMap(({ versions }: Json) =>
    versions.map(({ groupVersion }: Json) => `/apis/${groupVersion}`),
  );

// What says whether something was written: of workloads the generation and our own marks, as their controllers write
// the rest; of all others the version.
const versions = async (namespace: string): Promise<Record<string, string>> => {
  const kinds = ['ConfigMap', 'Secret', 'Service', 'Lease', 'Deployment', 'Job'];
  const entries = await Promise.all(
    SIDES.flatMap((side) =>
      kinds.map(async (kind) =>
        (await listJson(side, kind, namespace)).map(({ metadata }) => {
          const { name, uid, generation, resourceVersion, annotations = {}, labels } = metadata;
          const marks = Object.entries(annotations).filter(([key]) => key.startsWith('dr-syncer.io/'));
          const state =
            generation === undefined ? resourceVersion : JSON.stringify([generation, marks, labels]);
          return [`${side} ${kind} ${name}`, `${uid} ${state}`] as const;
        }),
      ),
    ),
  );
  return Object.fromEntries(entries.flat());
};

describe('a stage that is refused says so before it writes anything', () => {
  test.each([
    {
      what: 'a quota without room for its record',
      prepare: (namespace: string) => quota('source', namespace, { configmaps: '2' }),
      names: /ResourceQuota tight\b.*configmaps.*record/,
    },
    {
      what: 'a policy against its record',
      prepare: async (namespace: string) => {
        await createNamespace('dest', namespace);
        return keep('dest', namespace, TEAM_LABEL);
      },
      names: /ConfigMap dr-syncer-state\b.*every ConfigMap names its team/,
    },
    {
      what: 'a policy against its lock',
      prepare: async (namespace: string) => {
        await createNamespace('dest', namespace);
        return keep('dest', namespace, NO_LEASES);
      },
      names: /Lease dr-syncer-lock\b.*no leases here/,
    },
  ])('$what', async ({ prepare, names }) => {
    const namespace = await installYaml('unkept', SHOP, { staged: false });
    await prepare(namespace);
    const before = await versions(namespace);
    for (const dryRun of [true, false]) {
      const result = await stageNamespace(namespace, { dryRun });
      expect(result.exitCode, result.summary).toBe(3);
      expect(result.summary).toMatch(/^Nothing was changed/);
      expect(result.summary).toMatch(names);
    }
    expect(await versions(namespace)).toEqual(before);
    expect(await listJson('dest', 'Deployment', namespace)).toEqual([]);
  });

  test.each(['Deployment', 'ConfigMap'])('a %s that is being deleted at the destination', async (kind) => {
    const namespace = await installYaml('leaving', SHOP);
    await patchJson('dest', kind, 'pay', namespace, { metadata: { finalizers: [FINALIZER] } });
    await deleteJson('dest', kind, 'pay', namespace);
    const result = await stageNamespace(namespace);
    await patchJson('dest', kind, 'pay', namespace, { metadata: { finalizers: null } });
    expect(result.exitCode, result.summary).toBe(3);
    expect(result.summary).toMatch(new RegExp(`${kind} pay\\b.*being deleted.*${FINALIZER}`));
  });

  test('an object of which only the count changes is named when it is refused', async () => {
    const namespace = await installYaml('frozen', SHOP);
    await keep('dest', namespace, { ...NEVER_AT_TWO, expression: 'false', message: 'change freeze' });
    await patchJson('source', 'Deployment', 'pay', namespace, { spec: { replicas: 3 } });
    const result = await stageNamespace(namespace);
    expect(result.exitCode, result.summary).toBe(3);
    expect(result.summary).toMatch(/^Nothing was changed: Deployment pay: .*change freeze/);
  });
});
