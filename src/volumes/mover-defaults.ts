import { sleep } from '../common/sleep.ts';
import type { Clock, MoverOptions } from './mover-types.ts';

const MINUTE_MS = 60_000;

/**
 * What holds where the operator says nothing. The order of strategies is for two clusters that do not share a
 * network: an address of a load balancer, else a node port, else through the machine that runs dr-syncer.
 */
export const DEFAULT_MOVER_OPTIONS: MoverOptions = {
  extraFlags: [],
  strategies: ['loadbalancer', 'nodeport', 'local'],
  images: {},
  pullSecrets: [],
  nonRoot: false,
  tolerations: [],
  nodeSelector: {},
  networkPolicies: true,
  chown: true,
  compress: true,
  deadlineMs: 12 * 60 * MINUTE_MS,
  helmTimeoutMs: MINUTE_MS,
  loadBalancerTimeoutMs: 2 * MINUTE_MS,
  deleteExtraneous: false,
  ignoreMounted: false,
  ignoreSizes: false,
  concurrency: 2,
};

/** What differs between a pre-copy and the copy of record, which makes both sides equal. Pure. */
export const copyOf = ({ preCopy }: { readonly preCopy: boolean }) => ({
  deleteExtraneous: !preCopy,
  ignoreMounted: preCopy,
});

/** The clock of the machine, for times between two moments: nobody sets it. */
export const systemClock: Clock = {
  now: () => performance.now(),
  sleep: async (ms, signal) => {
    await sleep(ms, signal).catch(() => undefined);
  },
};
