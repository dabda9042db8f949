import type { MoveResult, StepReport } from '../../../../src/moves/move-result.ts';
import type { PreflightResult } from '../../../../src/needs/preflight-result.ts';
import type { RepairResult } from '../../../../src/repair/repair-records.ts';

const SIDES = {
  source: { context: 'east', namespace: 'shop' },
  dest: { context: 'west', namespace: 'shop' },
} as const;

const step = (id: string, title: string, state: StepReport['state'], more: Partial<StepReport> = {}) => ({
  ...{ id, title, state, seconds: 0.417, detail: '' },
  ...more,
});

const BASE: MoveResult = {
  schema: 'dr-syncer.io/move-result/v1',
  ...{ kind: 'cutover', operationId: 'cutover-20260101-000000-abcd', outcome: 'ok', exitCode: 0 },
  ...{ summary: 'The application runs in namespace shop of context west.', hint: undefined, dryRun: false },
  ...SIDES,
  ...{ epoch: 2, startedAt: '2026-01-01T00:00:00Z', seconds: 63.2, rtoSeconds: 48.913, rpoSeconds: 0 },
  ...{ preflight: undefined, workloads: [], claims: undefined, warnings: [], steps: [] },
};

const STOPPED = [
  step('baseline', 'Record what runs in namespace shop of context east', 'earlier', {
    detail: '3 workloads',
  }),
  step('hook', 'Run the pre-stop hook', 'skipped', { detail: 'no such hook is given' }),
  step('stop', 'Stop what runs in namespace shop of context east', 'done', { detail: '3 stopped' }),
  step('empty', 'See namespace shop of context east empty of pods', 'done', {
    seconds: 31.2,
    detail: 'empty for 10 s',
  }),
];
const CLAIMS: MoveResult['claims'] = [
  {
    ...{ claim: 'data-db-0', status: 'copied', bytes: 5_368_709_120, seconds: 12.345, strategy: 'svc' },
    verification: { mode: 'checksum', outcome: 'equal', differences: [] },
  },
  { claim: 'cache', status: 'skipped', reason: 'it has the label dr-syncer.io/ignore' },
  {
    ...{ claim: 'uploads', status: 'failed', bytes: 512, seconds: 3, strategy: 'mnt2' },
    reason: 'rsync ended with 23: \u001b]0;owned\u0007some files could not be read',
  },
];

const PREFLIGHT: PreflightResult = {
  schema: 'dr-syncer.io/preflight-result/v1',
  ...{ kind: 'cutover', outcome: 'refused', exitCode: 3 },
  summary: 'A cutover must not begin: 2 checks are in the way.',
  ...SIDES,
  checks: [
    { id: 'record', level: 'ok', subject: 'shop', message: 'There is a stage.' },
    { id: 'clock', level: 'ok', subject: 'west', message: 'The clocks agree.' },
    {
      ...{ id: 'rights', level: 'refuse', subject: 'patch deployments.apps' },
      message: 'We may not patch deployments.apps in namespace shop of context west.',
      hint: 'Ask for the Role that is printed below.',
    },
    {
      ...{ id: 'quota', level: 'refuse', subject: 'ResourceQuota tight' },
      message:
        'ResourceQuota tight in namespace shop of context west allows 3 of pods; 1 is used, and 3 more is needed by Deployment web (2 pods) and Deployment api (1 pod).',
      hint: 'Raise it by 1 at least, or start fewer replicas: kubectl --context west -n shop edit resourcequota/tight',
    },
    {
      ...{ id: 'bare-pods', level: 'unsafe', subject: 'Pod debug' },
      message: 'Pod debug in namespace shop of context east has no owner.',
      hint: 'Delete it, or leave it with --ignore-bare-pods.',
    },
    { id: 'clock', level: 'warn', subject: 'west', message: 'The clock of context west is 8 s behind.' },
    {
      id: 'capacity',
      level: 'unknown',
      subject: 'west',
      message: 'Nodes of context west may not be listed.',
    },
    { id: 'stage-age', level: 'info', subject: 'shop', message: 'The last stage was 5 m ago.' },
  ],
  missingRights: [],
  roleYaml: {
    dest: 'apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: { name: dr-syncer, namespace: shop }\nrules:\n  - { apiGroups: ["apps"], resources: ["deployments"], verbs: ["patch"] }\n',
  },
};

/** Results of moves and what belongs to them, by the name of their golden file. */
export const MOVES: Readonly<Record<string, MoveResult>> = {
  'cutover-done': {
    ...BASE,
    steps: [...STOPPED, step('start', 'Start the application in namespace shop of context west', 'done')],
    claims: CLAIMS?.slice(0, 2),
  },
  'cutover-partial': {
    ...BASE,
    ...{ outcome: 'partial', exitCode: 4, rtoSeconds: undefined, rpoSeconds: undefined },
    summary:
      'The cutover stopped part-way: the data of PVC uploads was not copied. Nothing runs on either side.',
    hint: 'Go on with: dr-syncer resume --source-context east --dest-context west -n shop',
    steps: [
      ...STOPPED,
      step('data', 'Copy the volume data', 'failed', { seconds: 12.5, detail: '1 of 3 failed' }),
    ],
    claims: CLAIMS,
    warnings: ['Deployment web: its autoscaler web is paused as long as the application rests.'],
  },
  'cutover-rolled-back': {
    ...BASE,
    ...{ kind: 'rollback', operationId: 'rollback-20260101-000102-ef01', outcome: 'rolledBack', exitCode: 5 },
    summary:
      'The smoke check failed, so the cutover was rolled back: the application runs at the source again.',
    steps: [
      step('undo-stop', 'Stop what was started in namespace shop of context west', 'done'),
      step('undo-start', 'Start the application in namespace shop of context east', 'done', {
        detail: '3 ready',
      }),
    ],
  },
  'cutover-plan': {
    ...BASE,
    ...{ operationId: '', outcome: 'refused', exitCode: 3, dryRun: true, seconds: 0, rtoSeconds: undefined },
    summary: 'A cutover must not begin: 2 checks are in the way.',
    steps: [
      step('hook', 'Run the pre-stop hook', 'skipped', { detail: 'no such hook is given' }),
      step('stop', 'Stop what runs in namespace shop of context east', 'planned', {
        plan: ['PATCH Deployment web  spec.replicas 3 -> 0', 'PATCH StatefulSet db  spec.replicas 2 -> 0'],
      }),
      step('start', 'Start the application in namespace shop of context west', 'failed', {
        detail: 'Deployment web may not be patched.',
      }),
    ],
    preflight: PREFLIGHT,
  },
  'failover-done': {
    ...BASE,
    ...{ kind: 'failover', operationId: 'failover-20260101-000000-abcd', source: undefined, rtoSeconds: 314 },
    steps: [step('give-up', 'Record that the source is declared lost and not fenced', 'done')],
    hint: 'As soon as the source answers again: dr-syncer fence --source-context east --dest-context west -n shop',
  },
};

export const PREFLIGHTS: Readonly<Record<string, PreflightResult>> = {
  'preflight-refused': PREFLIGHT,
  'preflight-good': {
    ...PREFLIGHT,
    ...{ kind: 'failback', outcome: 'ok', exitCode: 0, summary: 'A failback may begin.', roleYaml: {} },
    checks: PREFLIGHT.checks.filter(({ level }) => level === 'ok'),
  },
};

export const REPAIRS: Readonly<Record<string, RepairResult>> = {
  'repair-done': {
    schema: 'dr-syncer.io/repair-result/v1',
    ...{ outcome: 'ok', exitCode: 0, summary: '2 records were repaired.', dryRun: false },
    repairs: [
      'Write the record of the destination from the copy of the source (epoch 2).',
      'Close operation cutover-20260101-000000-abcd, whose journal is lost.',
    ],
    next: 'dr-syncer status --source-context east --dest-context west -n shop',
  },
};
