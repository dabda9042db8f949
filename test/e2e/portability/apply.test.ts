import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  api,
  applyObject,
  applyYaml,
  createNamespace,
  deleteJson,
  freshNamespace,
  getJson,
  type Json,
  listJson,
  patchJson,
  waitUntil,
} from '../../cluster/client.ts';
import { type Copy, copyAgain, copyOf } from '../../helpers/copy.ts';
import { hasRow, notesOf, rowOf, stageNamespace } from '../../helpers/stage.ts';

const priority = freshNamespace('priority');
/** The first run, the objects that it made, and the run after everything changed. */
let first: Copy;
let before: ReadonlyMap<string, Json>;
let second: Copy;

beforeAll(async () => {
  first = await copyOf('apply', { yaml: `${BEFORE}${CHANGED_BEFORE}`, prepare });
  before = new Map(
    await Promise.all(
      WATCHED.map(
        async ([kind, name]): Promise<[string, Json]> => [`${kind}/${name}`, await first.to(kind, name)],
      ),
    ),
  );
  await changeSource(first.source);
  await changeDest(first.dest);
  second = await first.again();
});

afterAll(() =>
  Promise.all([
    deleteJson('source', 'PriorityClass', priority),
    deleteJson('dest', 'PriorityClass', priority),
  ]),
);

const isSame = async (kind: string, name: string): Promise<boolean> =>
  before.get(`${kind}/${name}`)?.metadata.uid === (await second.to(kind, name)).metadata.uid;

describe('fields that cannot change', () => {
  it.each([
    ['A1: a Service that becomes headless', 'Service', 'to-headless', { spec: { clusterIP: 'None' } }],
    [
      'A1: a headless Service that gets an address',
      'Service',
      'to-address',
      { spec: { clusterIP: expect.stringMatching(/[.:]/), ports: [{ port: 81 }] } },
    ],
    [
      'A2: a Deployment with another selector',
      'Deployment',
      'selected',
      { spec: { selector: { matchLabels: { app: 'new' } } } },
    ],
    [
      'A2: a DaemonSet with another selector',
      'DaemonSet',
      'agent',
      { spec: { selector: { matchLabels: { app: 'new' } } } },
    ],
    ['A3: a parked StatefulSet', 'StatefulSet', 'db', { spec: { serviceName: 'new' } }],
    ['A7: a RoleBinding to another role', 'RoleBinding', 'team', { roleRef: { name: 'edit' } }],
    ['A8, T63: an immutable ConfigMap', 'ConfigMap', 'fixed', { immutable: true, data: { key: 'new' } }],
    ['A8, T63: an immutable Secret', 'Secret', 'fixed', { immutable: true, data: { key: 'bmV3' } }],
    [
      'A8, T63, S15: a Secret of another type, whose value is the word by which that is known',
      'Secret',
      'typed',
      { type: 'example.com/new' },
    ],
    ['A9: an EndpointSlice of another family', 'EndpointSlice', 'outside', { addressType: 'IPv6' }],
  ])('%s is made anew', async (_title, kind, name, expected) => {
    const row = second.row(kind, name);
    expect([row.action, row.reason]).toEqual(['recreated', expect.stringContaining('so it was recreated')]);
    expect(await second.to(kind, name)).toMatchObject(expected);
    expect(await isSame(kind, name)).toBe(false);
  });

  it('A1: other changes of a Service keep the addresses and ports of the destination', async () => {
    const old = before.get('Service/ported');
    const { spec } = await second.to('Service', 'ported');
    expect(second.row('Service', 'ported').action).toBe('updated');
    expect([spec.clusterIP, spec.ports[0].nodePort]).toEqual([
      old.spec.clusterIP,
      old.spec.ports[0].nodePort,
    ]);
    expect(spec.selector).toEqual({ app: 'new' });
  });

  it('A2, A3: what is made anew is parked from its first moment', async () => {
    for (const [kind, name] of [
      ['Deployment', 'selected'],
      ['StatefulSet', 'db'],
    ] as const) {
      const { spec, metadata } = await second.to(kind, name);
      expect([kind, spec.replicas, metadata.generation]).toEqual([kind, 0, 1]);
      expect(metadata.annotations['dr-syncer.io/original-replicas']).toBe('1');
    }
  });

  it('A3: a StatefulSet keeps its claims, and one that would delete them with itself is left alone and reported', async () => {
    const claim = await second.to('PersistentVolumeClaim', 'data-db-0');
    expect(claim.metadata.uid).toBe(before.get('PersistentVolumeClaim/data-db-0').metadata.uid);
    expect(claim.metadata.deletionTimestamp).toBeUndefined();
    const row = second.row('StatefulSet', 'deleting');
    expect([row.action, row.reason]).toEqual(['skipped', expect.stringContaining('whenDeleted: Delete')]);
    expect(await isSame('StatefulSet', 'deleting')).toBe(true);
  });

  it('A4: a Job that is there is left alone and reported', async () => {
    const row = second.row('Job', 'work');
    expect([row.action, row.reason]).toEqual([
      'skipped',
      expect.stringContaining('cannot change after creation'),
    ]);
    expect(await isSame('Job', 'work')).toBe(true);
  });

  it('A8: the label on the object wins over the default of its kind', async () => {
    expect(second.row('ConfigMap', 'fixed-skip').action).toBe('skipped');
    expect((await second.to('ConfigMap', 'fixed-skip')).data).toEqual({ key: 'old' });
  });

  it('A8: an object that we did not make is never made anew', async () => {
    const row = second.row('ConfigMap', 'foreign-fixed');
    expect([row.action, row.reason]).toEqual([
      'skipped',
      expect.stringContaining('recreates only objects that it created'),
    ]);
    expect((await second.to('ConfigMap', 'foreign-fixed')).data).toEqual({ key: 'theirs' });
  });

  it('A10: classes of the cluster are never touched', async () => {
    const found = await getJson('dest', 'PriorityClass', priority);
    expect([found.value, found.metadata.managedFields.length]).toEqual([7, 1]);
  });
});

describe('lists with a key twice', () => {
  it('A22: what cannot be applied is written whole', async () => {
    // The server's 500 is not tried again; its controller may be quicker than our parking once.
    expect(first.row('Deployment', 'doubled').attempts).toBeLessThan(4);
    expect(first.row('Deployment', 'doubled')).toMatchObject({
      action: 'created',
      reason: expect.stringContaining('a duplicate key'),
    });
    const [container] = before.get('Deployment/doubled').spec.template.spec.containers;
    expect(container.env.map(({ value }: Json) => value)).toEqual(['one', 'two']);
    expect(container.ports).toHaveLength(2);
    expect(before.get('Deployment/doubled').spec.replicas).toBe(0);
  });

  it('A22, A25: an update replaces the version that was read', async () => {
    expect(second.row('Deployment', 'doubled')).toMatchObject({
      action: 'updated',
      reason: expect.stringContaining('a duplicate key'),
    });
    const [container] = (await second.to('Deployment', 'doubled')).spec.template.spec.containers;
    expect([container.image, container.env.length]).toEqual(['example.invalid/a:2', 2]);
    expect(await isSame('Deployment', 'doubled')).toBe(true);
  });

  it('A24: writing whole keeps what others added at the destination, and keeps it parked', async () => {
    const { metadata, spec } = await second.to('Deployment', 'doubled');
    expect(metadata.annotations['dest-tool']).toBe('yes');
    expect(spec.replicas).toBe(0);
    expect(metadata.annotations['dr-syncer.io/original-replicas']).toBe('1');
  });
});

describe('what others did at the destination', () => {
  it('A26: a changed field is put back and reported', async () => {
    expect((await second.to('ConfigMap', 'edited')).data.key).toBe('ours');
    expect(second.row('ConfigMap', 'edited')).toMatchObject({
      action: 'updated',
      reason: expect.stringContaining('was changed at the destination and put back: data.key'),
    });
  });

  it('A24: what they added is left alone', async () => {
    expect((await second.to('ConfigMap', 'edited')).data.extra).toBe('theirs');
    expect(second.row('ConfigMap', 'only-extra').action).toBe('unchanged');
    expect((await second.to('ConfigMap', 'only-extra')).data).toEqual({ key: 'ours', extra: 'theirs' });
  });

  it('A20: a copy that they deleted is made again', async () => {
    expect(second.row('ConfigMap', 'deleted-there').action).toBe('created');
  });

  it('A20: an object that was there before is taken over and reported', async () => {
    expect(first.row('ConfigMap', 'foreign')).toMatchObject({
      action: 'updated',
      reason: expect.stringContaining('was not created by dr-syncer'),
    });
    const { data, metadata } = await second.to('ConfigMap', 'foreign');
    expect(data).toEqual({ key: 'ours', own: 'kept' });
    expect(metadata.labels['dr-syncer.io/managed']).toBe('true');
  });
});

describe('orphans', () => {
  it('A30: what is gone from the source is listed and not deleted', async () => {
    const names = second.result.orphans.map(({ kind, name }) => `${kind}/${name}`);
    expect(names.sort()).toEqual(['ConfigMap/gone', 'PersistentVolumeClaim/gone']);
    expect(await second.has('ConfigMap', 'gone')).toBe(true);
  });

  it('A30: what a selector or the types leave out is no orphan', async () => {
    const selected = await second.again({ selector: 'app=none-but-this', types: CONFIG });
    expect(selected.result.orphans).toEqual([]);
    const secrets = await second.again({ types: { ...CONFIG, include: ['secrets'] } });
    expect(secrets.result.orphans).toEqual([]);
  });

  it('A26: a run after all this writes nothing but what it had to leave alone', async () => {
    // The runs above chose other objects; the first one after them notes in the record what it was about.
    await second.again({ onConflict: 'skip' });
    const third = await second.again({ onConflict: 'skip' });
    expect(third.result.requests.dest.writes).toBe(0);
    expect(third.result.totals).toMatchObject({ created: 0, updated: 0, recreated: 0, failed: 0 });
    expect(third.result.totals.skipped).toBeGreaterThanOrEqual(4);
  });

  it('A30: --prune deletes only our own, and never a claim', async () => {
    await applyObject('dest', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'theirs', namespace: first.dest },
    });
    const types = { ...CONFIG, include: ['configmaps', 'pvc'] };
    const shown = await second.again({ prune: true, dryRun: true, types });
    expect(shown.row('ConfigMap', 'gone')).toMatchObject({ action: 'deleted' });
    expect(await shown.has('ConfigMap', 'gone'), 'after a dry run').toBe(true);
    const pruned = await second.again({ prune: true, types });
    expect(pruned.row('ConfigMap', 'gone')).toMatchObject({ action: 'deleted' });
    expect(pruned.row('PersistentVolumeClaim', 'gone')).toMatchObject({
      action: 'skipped',
      reason: expect.stringContaining('never deleted'),
    });
    expect(await second.has('ConfigMap', 'gone')).toBe(false);
    expect(await second.has('ConfigMap', 'theirs')).toBe(true);
    expect((await second.to('PersistentVolumeClaim', 'gone')).metadata.deletionTimestamp).toBeUndefined();
    expect(hasRow(pruned.result, 'ConfigMap', 'theirs')).toBe(false);
  });
});

describe('choices', () => {
  it('A4: --on-conflict recreate makes our own Job anew', async () => {
    const again = await second.again({ onConflict: 'recreate', types: { ...CONFIG, include: ['jobs'] } });
    expect(again.row('Job', 'work').action).toBe('recreated');
    const { spec } = await second.to('Job', 'work');
    expect([spec.suspend, spec.template.spec.containers[0].image]).toEqual([true, 'example.invalid/a:2']);
  });

  it('A8: --on-conflict fail stops before anything is written', async () => {
    const manifest = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'fixed', namespace: first.source },
    };
    await deleteJson('source', 'ConfigMap', 'fixed', first.source);
    await applyObject('source', { ...manifest, immutable: true, data: { key: 'newer' } });
    const result = await stageNamespace(first.source, { onConflict: 'fail', types: CONFIG });
    expect(result).toMatchObject({ outcome: 'refused', exitCode: 3, requests: { dest: { writes: 0 } } });
    expect(rowOf(result, 'ConfigMap', 'fixed').action).toBe('refused');
    expect((await second.to('ConfigMap', 'fixed')).data).toEqual({ key: 'new' });
  });
});

describe('refusals', () => {
  it('A28: everything is sent as a dry run first: one refusal, and nothing is written', async () => {
    const dest = freshNamespace('apply-full');
    await createNamespace('dest', dest);
    await applyYaml('dest', dest, QUOTA);
    await waitUntil(
      'the quota to count',
      async () => (await getJson('dest', 'ResourceQuota', 'full', dest)).status.used,
    );
    const result = await stageNamespace(first.source, {
      dest,
      types: { ...CONFIG, include: ['configmaps', 'secrets'] },
    });
    expect(result).toMatchObject({ outcome: 'refused', exitCode: 3, requests: { dest: { writes: 0 } } });
    expect(result.requests.dest.dryRuns).toBeGreaterThanOrEqual(
      result.totals.refused + result.totals.pending,
    );
    const row = rowOf(result, 'Secret', 'typed');
    expect([row.action, row.reason]).toEqual([
      'refused',
      expect.stringMatching(/exceeded quota: full.*\(403 Forbidden\)/),
    ]);
    expect(await listJson('dest', 'ConfigMap', dest, 'dr-syncer.io/managed')).toEqual([]);
  });

  it('A29: with --keep-going the rest is written, and the run ends as incomplete', async () => {
    const dest = freshNamespace('apply-going');
    await createNamespace('dest', dest);
    await applyYaml('dest', dest, QUOTA);
    await waitUntil(
      'the quota to count',
      async () => (await getJson('dest', 'ResourceQuota', 'full', dest)).status.used,
    );
    const types = { ...CONFIG, include: ['configmaps', 'secrets'] };
    const result = await stageNamespace(first.source, { dest, types, keepGoing: true });
    expect(result).toMatchObject({ outcome: 'partial', exitCode: 4 });
    expect(rowOf(result, 'ConfigMap', 'edited').action).toBe('created');
    expect(await getJson('dest', 'Secret', 'typed', dest)).toBeUndefined();
  });

  it('A28: --dry-run says what would happen and changes nothing', async () => {
    const dest = freshNamespace('apply-dry');
    const dry = await copyAgain(first.source, dest, { dryRun: true });
    expect(dry.row('ConfigMap', 'edited').action).toBe('created');
    expect(dry.result.requests.dest.writes).toBe(0);
    expect(await getJson('dest', 'Namespace', dest)).toBeUndefined();
    expect(notesOf(dry.row('ConfigMap', 'edited'))).toEqual([]);
  });
});

const CONFIG = { include: ['configmaps'], exclude: [], customResources: false };

const prepare = async (source: string, dest: string): Promise<void> => {
  await doubled(source, 'example.invalid/a:1', 'POST');
  const value = { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: priority } };
  await applyObject('source', { ...value, value: 9 });
  await applyObject('dest', { ...value, value: 7 });
  await createNamespace('dest', dest);
  await applyYaml('dest', dest, FOREIGN);
};

// An apply could not make it.
const doubled = async (namespace: string, image: string, method: 'POST' | 'PUT'): Promise<void> => {
  const env = [
    { name: 'TWICE', value: 'one' },
    { name: 'TWICE', value: 'two' },
  ];
  const ports = [
    { containerPort: 80, name: 'a' },
    { containerPort: 80, name: 'b' },
  ];
  const body = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'doubled' },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: 'doubled' } },
      template: {
        metadata: { labels: { app: 'doubled' } },
        spec: { containers: [{ name: 'main', image, env, ports }] },
      },
    },
  };
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments${method === 'PUT' ? '/doubled' : ''}`;
  const answer = await api('source')(method, path, { body });
  expect(answer.status).toBeLessThan(300);
};

const changeSource = async (source: string): Promise<void> => {
  await doubled(source, 'example.invalid/a:2', 'PUT');
  const gone: [string, string][] = [...REPLACED, ['ConfigMap', 'gone'], ['PersistentVolumeClaim', 'gone']];
  await Promise.all(gone.map(([kind, name]) => deleteJson('source', kind, name, source)));
  await Promise.all(
    gone.map(([kind, name]) =>
      waitUntil(`${kind} ${name} to be gone`, async () => !(await getJson('source', kind, name, source))),
    ),
  );
  await applyYaml('source', source, CHANGED_AFTER);
  await patchJson('source', 'Service', 'ported', source, { spec: { selector: { app: 'new' } } });
};

const changeDest = async (dest: string): Promise<void> => {
  await patchJson('dest', 'ConfigMap', 'edited', dest, { data: { key: 'theirs', extra: 'theirs' } });
  await patchJson('dest', 'ConfigMap', 'only-extra', dest, { data: { extra: 'theirs' } });
  await patchJson('dest', 'Deployment', 'doubled', dest, {
    metadata: { annotations: { 'dest-tool': 'yes' } },
  });
  await deleteJson('dest', 'ConfigMap', 'deleted-there', dest);
};

const REPLACED: readonly [string, string][] = [
  ['Service', 'to-headless'],
  ['Service', 'to-address'],
  ['Deployment', 'selected'],
  ['DaemonSet', 'agent'],
  ['StatefulSet', 'db'],
  ['StatefulSet', 'deleting'],
  ['RoleBinding', 'team'],
  ['ConfigMap', 'fixed'],
  ['ConfigMap', 'fixed-skip'],
  ['Secret', 'fixed'],
  ['Secret', 'typed'],
  ['EndpointSlice', 'outside'],
  ['Job', 'work'],
];

const WATCHED: readonly [string, string][] = [
  ...REPLACED,
  ['Service', 'ported'],
  ['Deployment', 'doubled'],
  ['PersistentVolumeClaim', 'data-db-0'],
];

const QUOTA = `
apiVersion: v1
kind: ResourceQuota
metadata: { name: full }
spec: { hard: { count/secrets: "0" } }
`;

const configMap = (name: string, rest: string, labels = '{}'): string => `
---
apiVersion: v1
kind: ConfigMap
metadata: { name: ${name}, labels: ${labels} }
${rest}`;

const FOREIGN = `
${configMap('foreign', 'data: { key: theirs, own: kept }')}
${configMap('foreign-fixed', 'immutable: true\ndata: { key: theirs }')}
`;

const claim = (name: string): string => `
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: ${name} }
spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }`;

const BEFORE = `
${configMap('foreign', 'data: { key: ours }')}
${configMap('foreign-fixed', 'data: { key: ours }')}
${configMap('edited', 'data: { key: ours }', '{ app: none-but-this }')}
${configMap('only-extra', 'data: { key: ours }')}
${configMap('deleted-there', 'data: { key: ours }')}
${configMap('gone', 'data: { key: ours }')}
${claim('gone')}
${claim('data-db-0')}
---
apiVersion: v1
kind: Service
metadata: { name: ported }
spec: { type: NodePort, selector: { app: old }, ports: [{ port: 80 }] }
---
apiVersion: v1
kind: Service
metadata: { name: outside }
spec: { ports: [{ port: 5432 }] }
`;

const POD = (version: number) =>
  `containers: [{ name: main, image: "example.invalid/a:${version}", resources: { requests: { cpu: 1m } } }]`;

const changed = (age: 'old' | 'new'): string => {
  const isOld = age === 'old';
  const pod = POD(isOld ? 1 : 2);
  return `
${configMap('fixed', `immutable: true\ndata: { key: ${age} }`)}
${configMap('fixed-skip', `immutable: true\ndata: { key: ${age} }`, '{ dr-syncer.io/immutable-handling: skip }')}
---
apiVersion: v1
kind: Secret
metadata: { name: fixed }
immutable: true
stringData: { key: ${age} }
---
apiVersion: v1
kind: Secret
metadata: { name: typed }
type: example.com/${age}
stringData: { word: immutable }
---
apiVersion: v1
kind: Service
metadata: { name: to-headless }
spec: { ${isOld ? '' : 'clusterIP: None, '}selector: { app: a }, ports: [{ port: 80 }] }
---
apiVersion: v1
kind: Service
metadata: { name: to-address }
spec: { ${isOld ? 'clusterIP: None, ' : ''}selector: { app: a }, ports: [{ port: ${isOld ? 80 : 81} }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: selected }
spec:
  selector: { matchLabels: { app: ${age} } }
  template: { metadata: { labels: { app: ${age} } }, spec: { ${pod} } }
---
apiVersion: apps/v1
kind: DaemonSet
metadata: { name: agent }
spec:
  selector: { matchLabels: { app: ${age} } }
  template: { metadata: { labels: { app: ${age} } }, spec: { ${pod} } }
---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: db }
spec:
  serviceName: ${age}
  selector: { matchLabels: { app: db } }
  template: { metadata: { labels: { app: db } }, spec: { ${pod} } }
  volumeClaimTemplates:
    - metadata: { name: data }
      spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: deleting }
spec:
  serviceName: ${age}
  persistentVolumeClaimRetentionPolicy: { whenDeleted: Delete, whenScaled: Retain }
  selector: { matchLabels: { app: deleting } }
  template: { metadata: { labels: { app: deleting } }, spec: { ${pod} } }
---
apiVersion: batch/v1
kind: Job
metadata: { name: work }
spec:
  template:
    metadata: { labels: { testbed/hold: running } }
    spec: { restartPolicy: Never, ${pod} }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: team }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: ${isOld ? 'view' : 'edit'} }
subjects: [{ kind: User, apiGroup: rbac.authorization.k8s.io, name: jane }]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: outside, labels: { kubernetes.io/service-name: outside } }
addressType: ${isOld ? 'IPv4' : 'IPv6'}
endpoints: [{ addresses: ["${isOld ? '192.0.2.11' : '2001:db8::11'}"] }]
ports: [{ port: 5432, protocol: TCP }]
`;
};
const CHANGED_BEFORE = changed('old');
const CHANGED_AFTER = changed('new');
