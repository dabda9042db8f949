import { PartialError } from '../common/errors.ts';
import { nameList } from '../common/sentences.ts';
import { openInformer } from '../kube/informer.ts';
import { JOBS } from '../kube/well-known.ts';
import { runningJobs } from './baseline.ts';
import { whereIs } from './side.ts';
import type { MoveDeps, MoveSide } from './side-types.ts';

/**
 * Waits at most `timeoutMs` until no Job runs on a side; their end is watched. Returns a clause. Throws PartialError
 * naming those that still run, and KubeApiError when the Jobs cannot be listed.
 */
export const waitForJobs = async (side: MoveSide, deps: MoveDeps, timeoutMs: number): Promise<string> => {
  const informer = await openInformer(side.cluster, [JOBS], side.namespace, { signal: deps.signal });
  const until = performance.now() + timeoutMs;
  let told = false;
  try {
    for (;;) {
      const names = runningJobs(informer.objects());
      // What was seen earlier may lack the Job that was started a moment ago.
      if (names.length === 0 && informer.isCurrent()) return 'no running Jobs';
      if (!told && names.length > 0) {
        const jobs = nameList(names.map((name) => `Job ${name}`));
        deps.reporter.waiting(`Waiting for ${jobs} to finish in ${whereIs(side)}`);
        told = true;
      }
      if (performance.now() >= until) {
        informer.refuseSilence(0);
        throw new PartialError(
          `Jobs still run in ${whereIs(side)} after ${timeoutMs / 1000} s: ${nameList(names)}.`,
          { hint: 'Resume to wait again, or roll back; --jobs suspend stops them instead.' },
        );
      }
      await informer.changed(Math.min(LOOK_MS, until - performance.now()));
    }
  } finally {
    informer.stop();
  }
};

const LOOK_MS = 5000;
