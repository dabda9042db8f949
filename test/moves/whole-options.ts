import type { JsonObject } from '../../src/kube/api-types.ts';
import type { StoredOptions } from '../../src/moves/stored-options.ts';
import { DEFAULT_MOVER_OPTIONS } from '../../src/volumes/mover-defaults.ts';
import { DEFAULT_VERIFY_OPTIONS } from '../../src/volumes/verify-pod.ts';

/** The options of a cutover that was given something everywhere. */
export const WHOLE_OPTIONS: StoredOptions = {
  move: {
    dryRun: false,
    waitTimeoutMs: 600_000,
    holdMs: 5000,
    concurrency: 16,
    jobs: 'wait',
    ignoreBarePods: false,
    ignoreRevisions: true,
    servingRevisions: true,
    pauseGitops: true,
    ignoreGitops: false,
    forceDeletePods: false,
    rollbackOnFailure: false,
    hooks: {
      preStop: 'true',
      postStop: undefined,
      preStart: undefined,
      postStart: undefined,
      timeoutMs: 60_000,
      onFailure: 'fail',
    },
    smoke: { url: 'http://127.0.0.1/', command: undefined, attempts: 3, intervalMs: 1000, timeoutMs: 1000 },
  },
  stage: {
    sourceNamespace: 'shop',
    destNamespace: 'shop-dr',
    types: { include: ['deployments'], exclude: [], customResources: false },
    selector: undefined,
    dryRun: false,
    keepGoing: false,
    prune: false,
    acceptLiveDestination: false,
    onConflict: 'recreate',
    oneShotKinds: ['Import.example.com'],
    acceptClusterRoles: ['team'],
    concurrency: 16,
    recreateTimeoutMs: 60_000,
    storageClassMap: new Map([['fast', 'slow']]),
    accessModeMap: new Map(),
    imageMap: new Map([['a.example.com/', 'b.example.com/']]),
    hostMap: new Map(),
    ingressClassMap: new Map(),
    preserveNodePorts: false,
    preserveLoadBalancerIp: false,
    holdLoadBalancers: true,
    rewriteDns: false,
    servingRevisions: true,
  },
  migrateData: {
    mover: { ...DEFAULT_MOVER_OPTIONS, path: '/bin/mover', bandwidthKBps: 2.5 },
    verify: DEFAULT_VERIFY_OPTIONS,
  } as unknown as JsonObject,
  reason: '',
};
