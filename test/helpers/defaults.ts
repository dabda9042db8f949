import type { MoveOptions } from '../../src/sides/side-types.ts';
import type { StageOptions } from '../../src/stage/stage-types.ts';

const NO_MAP: ReadonlyMap<string, string> = new Map();

/** How objects are changed when no flag asks for anything. */
export const PLAIN_COPY = {
  storageClassMap: NO_MAP,
  accessModeMap: NO_MAP,
  imageMap: NO_MAP,
  hostMap: NO_MAP,
  ingressClassMap: NO_MAP,
  preserveNodePorts: false,
  preserveLoadBalancerIp: false,
  holdLoadBalancers: false,
  rewriteDns: false,
} as const;

/** The stage of a namespace as a command line without flags asks for it. */
export const plainStage = (namespace: string, concurrency: number): StageOptions => ({
  ...PLAIN_COPY,
  sourceNamespace: namespace,
  destNamespace: namespace,
  types: { include: [], exclude: [], customResources: false },
  selector: undefined,
  dryRun: false,
  keepGoing: false,
  prune: false,
  acceptLiveDestination: false,
  oneShotKinds: [],
  acceptClusterRoles: [],
  onConflict: undefined,
  concurrency,
  recreateTimeoutMs: 10_000,
});

/** A move without flags, with times for tests. */
export const PLAIN_MOVE: MoveOptions = {
  dryRun: false,
  waitTimeoutMs: 30_000,
  holdMs: 200,
  concurrency: 16,
  jobs: 'fail',
  ignoreBarePods: false,
  ignoreRevisions: false,
  servingRevisions: false,
  pauseGitops: false,
  ignoreGitops: false,
  forceDeletePods: false,
  rollbackOnFailure: false,
  hooks: {
    preStop: undefined,
    postStop: undefined,
    preStart: undefined,
    postStart: undefined,
    timeoutMs: 1000,
    onFailure: 'fail',
  },
  smoke: { url: undefined, command: undefined, attempts: 1, intervalMs: 100, timeoutMs: 1000 },
};
