import { afterAll, afterEach, beforeAll } from 'vitest';
import { contextOf, pair, type Side } from '../cluster/client.ts';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';
import type { End } from './stage-run.ts';

/** A proxy in front of each of the two API servers, and the kubeconfigs that lead through them. */
export interface Proxied {
  readonly proxies: Readonly<Record<Side, FaultProxy>>;
  readonly ends: Readonly<Record<Side, End>>;
}

/** Puts a proxy in front of each side for the tests of this file; rules and outages end with each test. */
export const throughProxies = (): Proxied => {
  const proxies = {} as Record<Side, FaultProxy>;
  const ends = {} as Record<Side, End>;
  beforeAll(async () => {
    for (const side of SIDES) {
      const context = contextOf(side);
      proxies[side] = await startFaultProxy({ kubeconfig: pair().kubeconfig, context });
      ends[side] = { kubeconfig: proxies[side].writeKubeconfig(context), context };
    }
  });
  afterEach(async () => {
    for (const side of SIDES) {
      proxies[side].clear();
      await proxies[side].comeBack();
    }
  });
  afterAll(() => Promise.all(SIDES.map((side) => proxies[side]?.stop())));
  return { proxies, ends };
};

const SIDES: readonly Side[] = ['source', 'dest'];
