import { setTimeout as sleep } from 'node:timers/promises';
import { openReader } from '../../src/kube/cluster.ts';
import { readLock } from '../../src/state/lock.ts';
import { type Side, waitUntil } from '../cluster/client.ts';
import { CLUSTER, contextFor } from './stage.ts';

/** Resolves when the lock in a namespace of a side has expired, or nobody holds it. */
export const lockToExpire = async (namespace: string, side: Side = 'dest'): Promise<void> => {
  const cluster = openReader(contextFor(side), CLUSTER);
  try {
    await waitUntil(
      'the lock to expire',
      async () => (await readLock(cluster, namespace))?.isExpired ?? true,
      60_000,
    );
    // Whoever takes it next has a clock of its own, and the server's answers tell the time to the second.
    await sleep(1000);
  } finally {
    await cluster.close();
  }
};
