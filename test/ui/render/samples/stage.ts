import type { StageResult, StageRow } from '../../../../src/stage/stage-types.ts';

const row = (
  apiVersion: string,
  kind: string,
  name: string,
  action: StageRow['action'],
  more: Partial<StageRow> = {},
): StageRow => ({ apiVersion, kind, name, action, reason: '', notes: [], attempts: 1, ms: 12, ...more });

const OBJECTS: StageRow[] = [
  row('v1', 'Namespace', 'shop', 'unchanged'),
  row('rbac.authorization.k8s.io/v1', 'ClusterRole', 'shop-reader', 'created', {
    scope: 'cluster',
    notes: [{ level: 'warn', path: 'rules', message: 'It lets its subjects get nodes.' }],
  }),
  row('v1', 'ServiceAccount', 'web', 'unchanged'),
  row('v1', 'Secret', 'registry', 'created'),
  row('v1', 'Secret', 'tls', 'recreated', { reason: 'its type cannot be changed' }),
  row('v1', 'ConfigMap', 'settings', 'updated', {
    reason: 'was changed at the destination and put back: data.mode and data.url',
  }),
  // What a cluster holds may carry escape sequences; they must reach no terminal.
  row('v1', 'ConfigMap', 'hostile', 'failed', {
    reason:
      'Context west: patch ConfigMap hostile failed: admission webhook said \u001b[31mno\u001b[0m\nOK (403 Forbidden)',
  }),
  row('v1', 'PersistentVolumeClaim', 'data-db-0', 'unchanged'),
  row('v1', 'Service', 'web', 'updated', {
    notes: [
      {
        level: 'warn',
        path: 'spec.loadBalancerIP',
        message: '10.0.0.7 is an address of cluster east and was dropped.',
      },
      { level: 'info', path: 'spec.ports', message: 'The node port was dropped.' },
    ],
  }),
  row('tekton.dev/v1', 'PipelineRun', 'import-7f2k', 'stashed', {
    reason: 'its operator would act on it at once; the manifest is kept until a cutover',
  }),
  row('apps/v1', 'Deployment', 'web', 'refused', {
    reason: 'no right to patch deployments.apps in namespace shop',
  }),
  row('apps/v1', 'StatefulSet', 'db', 'pending', { reason: 'not reached' }),
  row('v1', 'Pod', 'web-5dd7c-a', 'skipped', { reason: 'ReplicaSet web-5dd7c makes its own' }),
  row('v1', 'Pod', 'web-5dd7c-b', 'skipped', { reason: 'ReplicaSet web-5dd7c makes its own' }),
  row('v1', 'Secret', 'default-token-x1', 'skipped', { reason: 'the destination makes tokens of its own' }),
  row('v1', 'Secret', 'old', 'deleted', { reason: 'it is gone from the source' }),
];

const REQUESTS = { total: 0, lists: 0, gets: 0, discovery: 0, dryRuns: 0, writes: 0, reviews: 0, retries: 0 };

const base = (context: string) => ({
  context,
  server: `https://${context}.example.com:6443`,
  namespace: 'shop',
  clusterUid: undefined,
});

/** A stage in which everything that can happen to an object has happened to one. */
export const STAGE: StageResult = {
  schema: 'dr-syncer.io/stage-result/v1',
  outcome: 'partial',
  exitCode: 4,
  summary: 'Staged in part: 1 object failed, 1 was refused and 1 was not reached.',
  dryRun: false,
  source: base('east'),
  dest: base('west'),
  startedAt: '2026-01-01T00:00:00Z',
  seconds: 3.215,
  totals: {
    ...{ created: 2, updated: 2, recreated: 1, unchanged: 2, stashed: 1, deleted: 1 },
    ...{ skipped: 3, refused: 1, failed: 1, pending: 1 },
  },
  objects: OBJECTS,
  findings: [
    {
      level: 'refuse',
      code: 'storage-class-missing',
      subject: 'PersistentVolumeClaim data-db-0',
      message:
        'Context west has no StorageClass fast, which PersistentVolumeClaim data-db-0 names: map it with --storage-class-map fast=<class>, or create it.',
    },
    {
      level: 'warn',
      code: 'grant-not-copied',
      subject: 'ClusterRoleBinding shop-view',
      message: 'ClusterRoleBinding shop-view gives rights to ServiceAccount web and is not copied.',
    },
    { level: 'info', code: 'webhook', subject: 'shop', message: 'A webhook of context west sees Services.' },
  ],
  stageHash: 'sha256:0',
  orphans: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'settings-v1' }],
  types: {
    copied: [],
    neverCopied: [],
    leftOut: [
      { type: 'widgets.example.com', objects: 3 },
      { type: 'gadgets.example.com', objects: 1 },
      { type: 'vaults.example.com', objects: -1 },
    ],
    failedGroups: [],
  },
  requests: { source: { ...REQUESTS, total: 21 }, dest: { ...REQUESTS, total: 34 } },
  preCopy: {
    outcome: 'ok',
    summary: 'The data of 1 claim was copied.',
    consistent: false,
    claims: [{ claim: 'data-db-0', status: 'copied', bytes: 5_368_709_120, seconds: 42.04, strategy: 'svc' }],
  },
};

/** The plan of a first stage, with nothing that needs eyes. */
export const PLAN: StageResult = {
  ...STAGE,
  ...{ outcome: 'ok', exitCode: 0, summary: 'Dry run: 2 objects would be created.', dryRun: true },
  totals: {
    ...{ created: 2, updated: 0, recreated: 0, unchanged: 0, stashed: 0, deleted: 0 },
    ...{ skipped: 0, refused: 0, failed: 0, pending: 0 },
  },
  objects: [row('v1', 'Secret', 'registry', 'created'), row('apps/v1', 'Deployment', 'web', 'created')],
  ...{ findings: [], orphans: [], seconds: 1, types: { ...STAGE.types, leftOut: [] } },
  preCopy: {
    ...{ outcome: 'ok', summary: 'Nothing was copied.', consistent: false, claims: [] },
    plan: ['copy the data of PVC data-db-0 with pv-migrate (svc)'],
  },
};
